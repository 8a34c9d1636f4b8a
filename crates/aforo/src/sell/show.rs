//! JSON for a person to read: in the order in which it came, secrets masked, long lists and texts cut. It never changes what is sent.

use std::fmt::Write;

/// What fits on one line is not broken.
const LINE: usize = 110;
/// Entries of a list that are shown.
const LIST: usize = 2;
/// Characters of a text that are shown.
const TEXT: usize = 90;
/// Lines of one answer that are shown.
const LINES: usize = 60;

/// Fields whose value is never shown.
const SECRET: [&str; 6] = ["access_token", "refresh_token", "client_secret", "password", "authInfo", "terminal_license"];
/// Fields that are long and say nothing about buying.
const DULL: [&str; 4] = ["texts", "images", "media", "location"];

/// JSON text, shortened, or the beginning of whatever else it is.
pub fn json(body: &[u8]) -> String {
    if serde_json::from_slice::<serde::de::IgnoredAny>(body).is_err() {
        return String::from_utf8_lossy(&body[..body.len().min(TEXT * 4)]).into_owned();
    }
    let mut rest = Reader { text: body, at: 0 };
    let mut shown = String::new();
    rest.value("").write(&mut shown, 0);
    let lines = shown.lines().count();
    if lines <= LINES {
        return shown;
    }
    let kept: Vec<&str> = shown.lines().take(LINES - 1).collect();
    format!("{}\n... {} more lines", kept.join("\n"), lines - kept.len())
}

/// A value in the form it is shown in.
enum Shown {
    Atom(String),
    List(Vec<Shown>),
    Object(Vec<(String, Shown)>),
}

impl Shown {
    fn compact(&self) -> String {
        match self {
            Shown::Atom(text) => text.clone(),
            Shown::List(items) => format!("[{}]", items.iter().map(Shown::compact).collect::<Vec<_>>().join(", ")),
            Shown::Object(fields) => {
                let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{name}: {}", value.compact())).collect();
                format!("{{{}}}", fields.join(", "))
            }
        }
    }

    fn write(&self, out: &mut String, depth: usize) {
        let compact = self.compact();
        if compact.chars().count() + 2 * depth <= LINE {
            out.push_str(&compact);
            return;
        }
        let indent = "  ".repeat(depth + 1);
        let (open, close, entries): (_, _, Vec<(&str, &Shown)>) = match self {
            Shown::Atom(text) => return out.push_str(text),
            Shown::List(items) => ('[', ']', items.iter().map(|item| ("", item)).collect()),
            Shown::Object(fields) => ('{', '}', fields.iter().map(|(name, value)| (name.as_str(), value)).collect()),
        };
        out.push(open);
        for (place, (name, value)) in entries.iter().enumerate() {
            let _ = write!(out, "{}\n{indent}", if place > 0 { "," } else { "" });
            if !name.is_empty() {
                let _ = write!(out, "{name}: ");
            }
            value.write(out, depth + 1);
        }
        let _ = write!(out, "\n{}{close}", "  ".repeat(depth));
    }
}

/// Walks over text that is known to be JSON.
struct Reader<'a> {
    text: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn peek(&mut self) -> u8 {
        while self.text.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        self.text.get(self.at).copied().unwrap_or(b'}')
    }

    fn value(&mut self, name: &str) -> Shown {
        match self.peek() {
            b'{' => self.object(name),
            b'[' => self.list(),
            b'"' => {
                let text = self.string();
                Shown::Atom(if SECRET.contains(&name) { "\"****\"".to_owned() } else { cut(&text) })
            }
            _ => {
                let start = self.at;
                while self.text.get(self.at).is_some_and(|byte| !b",]} \t\r\n".contains(byte)) {
                    self.at += 1;
                }
                Shown::Atom(String::from_utf8_lossy(&self.text[start..self.at]).into_owned())
            }
        }
    }

    fn object(&mut self, name: &str) -> Shown {
        let mut fields = Vec::new();
        self.at += 1;
        while self.peek() != b'}' {
            let quoted = self.string();
            self.peek();
            self.at += 1;
            let value = self.value(quoted.trim_matches('"'));
            fields.push((quoted, value));
            if self.peek() == b',' {
                self.at += 1;
            }
        }
        self.at += 1;
        if DULL.contains(&name) && !fields.is_empty() { Shown::Atom("{...}".to_owned()) } else { Shown::Object(fields) }
    }

    fn list(&mut self) -> Shown {
        let (mut items, mut more) = (Vec::new(), 0);
        self.at += 1;
        while self.peek() != b']' {
            let item = self.value("");
            if items.len() < LIST {
                items.push(item)
            } else {
                more += 1
            }
            if self.peek() == b',' {
                self.at += 1;
            }
        }
        self.at += 1;
        if more > 0 {
            items.push(Shown::Atom(format!("... {more} more")));
        }
        Shown::List(items)
    }

    /// A string with its quotes, as it was written.
    fn string(&mut self) -> String {
        self.peek();
        let start = self.at;
        self.at += 1;
        while let Some(byte) = self.text.get(self.at) {
            match byte {
                b'\\' => self.at += 2,
                b'"' => break,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        String::from_utf8_lossy(&self.text[start..self.at.min(self.text.len())]).into_owned()
    }
}

fn cut(text: &str) -> String {
    if text.chars().count() <= TEXT {
        return text.to_owned();
    }
    format!("{}...\"", text.chars().take(TEXT).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_answer_is_one_line_in_the_order_it_came() {
        assert_eq!(json(br#"{"total": 46.50,"base":40,"empty":[],"none":{}}"#), r#"{"total": 46.50, "base": 40, "empty": [], "none": {}}"#);
    }

    #[test]
    fn tokens_are_never_shown() {
        let shown =
            json(br#"{"access_token":"eyJhbGciOi.J.x","token_type":"bearer","expires_in":43200,"authInfo":"a","refresh_token":"r"}"#);
        assert!(!shown.contains("eyJ") && shown.contains(r#""access_token": "****""#) && shown.contains("43200"), "{shown}");
    }

    #[test]
    fn a_long_list_shows_its_first_entries_and_how_many_follow() {
        let list: Vec<u32> = (1..=50).collect();
        assert_eq!(json(serde_json::to_string(&list).unwrap().as_bytes()), "[1, 2, ... 48 more]");
    }

    #[test]
    fn what_does_not_fit_on_a_line_is_indented_and_dull_parts_are_folded() {
        let body =
            format!(r#"{{"id":1,"texts":{{"es-ES":"x"}},"name":"{}","quote":"a \"b\" c","other":"{}"}}"#, "n".repeat(60), "m".repeat(200));
        let shown = json(body.as_bytes());
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines[..3], ["{", "  \"id\": 1,", "  \"texts\": {...},"]);
        assert_eq!(lines[4], r#"  "quote": "a \"b\" c","#);
        assert!(lines[5].ends_with("m...\"") && lines[5].len() < 110);
    }

    #[test]
    fn what_is_no_json_is_shown_as_it_is() {
        assert_eq!(json(b"Bad Gateway"), "Bad Gateway");
        assert_eq!(json(b""), "");
    }
}
