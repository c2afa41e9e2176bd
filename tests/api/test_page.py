import re


def test_the_page_of_the_api_shows_the_document_that_we_serve_with_files_of_ours(client):
    answer = client.get("/api/docs")
    assert (answer.status_code, answer.content_type) == (200, "text/html; charset=utf-8")
    named = re.findall(r'(?:src|href)="([^"]+)"', answer.text)
    assert {f"/api/{name}" for name in named} == {"/api/openapi.json", "/api/apidocs.js", "/api/apidocs.css"}
    assert all(client.get(f"/api/{name}").status_code == 200 for name in named)
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
