/* The first line that runs: connect, fetch the sentences, show. */
import "./style/tokens.css";
import "./style/base.css";
import { createApp, watch } from "vue";
import App from "./App.vue";
import { load } from "./i18n";
import * as feed from "./state/feed";
import * as preferences from "./state/preferences";

preferences.start();
feed.start();
watch(() => preferences.preferences.language, load);
void load().then(() => createApp(App).mount("#app"));
