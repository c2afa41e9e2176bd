"""Definitions in front of every filter: what jq 1.5 lacks, and what no filter may do.

``input``, ``inputs``, ``debug`` and ``stderr`` crash the process that hosts jq, ``halt`` may end it, ``modulemeta`` and
``input_filename`` read files, ``env`` and ``$ENV`` hold secrets: all of them are errors or empty here.
"""

FORBIDDEN = """
def _refused($name): error("\\($name) is not available here");
def input: _refused("input");
def inputs: _refused("inputs");
def debug: .;
def debug(f): .;
def stderr: .;
def halt: _refused("halt");
def halt_error: _refused("halt_error");
def halt_error(f): _refused("halt_error");
def modulemeta: _refused("modulemeta");
def input_filename: null;
def input_line_number: 0;
def get_search_list: [];
def env: {};
"""

EVERYWHERE = """
def isvalid(f): try (f | true) catch false;
def toarray: if type == "array" then . else [.] end;
def _letters: implode;
def implode: if type == "array" and all(.[]; type == "number" and . >= 0 and . <= 1114111 and (. < 55296 or . > 57343))
  then if length == 0 then "" else _letters end else error("implode needs a list of code points") end;
def ascii: [.] | implode;
def todate: strftime("%Y-%m-%dT%H:%M:%SZ");
def date: todate;
def dateadd(unit; $seconds): . + $seconds;
def datesub(unit; $seconds): . - $seconds;
def have_decnum: false;
"""

LACKING_IN_1_5 = """
def _implode: if length == 0 then "" else implode end;
def isempty(f): first((f | false), true);
def error(f): f as $message | if $message == null then ("null" | error) else ($message | error) end;
def limit($n; f): if $n <= 0 then empty else
  label $stop | foreach f as $item (0; . + 1; $item, if . >= $n then break $stop else empty end) end;
def skip($n; f): foreach f as $item ($n; . - 1; if . < 0 then $item else empty end);
def walk(f): def _w: if type == "object" then with_entries(.value |= _w)
  elif type == "array" then map(_w) else . end | f; _w;
def trunc: if . < 0 then -(-. | floor) else floor end;
def round: if . < 0 then -(-. + 0.5 | floor) else (. + 0.5 | floor) end;
def ceil: -(-. | floor);
def fabs: if . < 0 then -. else . end;
def abs: if type != "number" then error("\\(type) (\\(tojson)) has no absolute value")
  elif . < 0 then -. else . end;
def nearbyint: (floor) as $low | (. - $low) as $rest |
  if $rest < 0.5 then $low elif $rest > 0.5 then $low + 1 elif $low % 2 == 0 then $low else $low + 1 end;
def rint: nearbyint;
def exp10: . as $power | pow(10; $power);
def significand: if . == 0 or isinfinite or isnan then . else
  (if . < 0 then -1 else 1 end) as $sign | fabs |
  until(. < 2; . / 2) | until(. >= 1; . * 2) | . * $sign end;
def ldexp($x; $power): $x * pow(2; $power);
def scalb($x; $power): ldexp($x; $power);
def scalbln($x; $power): ldexp($x; $power);
def pick(f): . as $whole | reduce path(f) as $path (null; setpath($path; $whole | getpath($path)));
def add(f): reduce f as $item (null; . + $item);
def have_literal_numbers: true;
def _blank: . == 32 or (. >= 9 and . <= 13);
def _left: if length > 0 and (.[0] | _blank) then .[1:] | _left else . end;
def _right: if length > 0 and (.[-1] | _blank) then .[:-1] | _right else . end;
def _text: if type == "string" then . else error("\\(type) (\\(tojson)) cannot be trimmed") end;
def ltrim: _text | explode | _left | _implode;
def rtrim: _text | explode | _right | _implode;
def trim: _text | explode | _left | _right | _implode;
def trimstr($part): ltrimstr($part) | rtrimstr($part);
def join($between): reduce .[] as $item (null; (if . == null then "" else . + $between end) +
  ($item | if . == null then "" elif type == "string" then . else tojson end)) // "";
def IN(f): . as $item | any(f; . == $item);
def IN(source; f): any(source; IN(f));
def INDEX(stream; f): reduce stream as $row ({}; .[$row | f | tostring] |= $row);
def INDEX(f): INDEX(.[]; f);
def scan($pattern; $flags): match($pattern; "g" + $flags) |
  if (.captures | length) > 0 then [.captures[].string] else .string end;
def truncate_stream(stream): . as $depth | null | stream | . as $event |
  if (.[0] | length) > $depth then setpath([0]; .[0][$depth:]) else empty end;
def _digit: if . >= 65 and . <= 90 then . - 65 elif . >= 97 and . <= 122 then . - 71
  elif . >= 48 and . <= 57 then . + 4 elif . == 43 or . == 45 then 62 elif . == 47 or . == 95 then 63
  else error("is not valid base64 data") end;
def _octets: [foreach (.[], null) as $digit ({bits: 0, n: 0, out: null};
    if $digit == null then .out = null else
      .bits = (.bits % 1048576) * 64 + $digit | .n += 6 | .out = null |
      if .n >= 8 then .n -= 8 | pow(2; .n) as $low | .out = (.bits / $low | floor) % 256 | .bits = .bits % $low
      else . end end;
    .out) | select(. != null)];
def _characters: def _more($count; $first): if (.rest | length) < $count then {out: (.out + [65533]), rest: []} else
      reduce .rest[:$count][] as $octet (.char = $first; .char = .char * 64 + $octet % 64) |
      .out += [.char] | .rest |= .[$count:] end;
  {out: [], rest: .} | until(.rest | length == 0; .rest[0] as $octet | .rest |= .[1:] |
    if $octet < 128 then .out += [$octet] elif $octet < 192 then .out += [65533]
    elif $octet < 224 then _more(1; $octet - 192) elif $octet < 240 then _more(2; $octet - 224)
    else _more(3; $octet - 240) end) | .out;
def _base64d: tostring | explode | map(select(. != 61) | _digit) | _octets | _characters | _implode;
"""


def in_front(text: str, *, old: bool) -> str:
    """``text`` with the prelude before it, on one line, so that jq counts the lines of ``text`` from 1."""
    definitions = FORBIDDEN + EVERYWHERE + (LACKING_IN_1_5 if old else "")
    return f"{' '.join(definitions.split(chr(10)))} {{}} as $ENV | {text}"
