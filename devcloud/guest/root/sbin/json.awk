# Flattens a JSON document: one line per value, "path<TAB>value"; array members are numbered from 0.
# {"keys": [{"name": "k"}]} gives "keys.0.name<TAB>k".
{ text = text $0 "\n" }
END { value("") }

function space() { while (substr(text, 1, 1) ~ /[ \t\r\n]/) text = substr(text, 2) }

function literal(   found) {
    match(text, /^[^],} \t\r\n]+/)
    found = substr(text, 1, RLENGTH)
    text = substr(text, RLENGTH + 1)
    return found
}

function string(   found, c) {
    match(text, /^"([^"\\]|\\.)*"/)
    found = substr(text, 2, RLENGTH - 2)
    text = substr(text, RLENGTH + 1)
    gsub(/\\[nrt]/, " ", found)     # a key may end in a line break; one value is one line
    gsub(/\\\//, "/", found)
    gsub(/\\"/, "\"", found)
    sub(/ +$/, "", found)
    return found
}

function value(path,   c, n, key) {
    space()
    c = substr(text, 1, 1)
    if (c != "{" && c != "[") {
        print substr(path, 2) "\t" (c == "\"" ? string() : literal())
        return
    }
    text = substr(text, 2)
    for (n = 0; ; n++) {
        space()
        if (substr(text, 1, 1) ~ /[]}]|^$/) break
        if (substr(text, 1, 1) == ",") { text = substr(text, 2); space() }
        key = n
        if (c == "{") { key = string(); space(); text = substr(text, 2) }
        value(path "." key)
    }
    text = substr(text, 2)
}
