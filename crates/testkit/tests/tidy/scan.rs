//! Rust text as the rules look at it: code apart from comments and strings. It is a scanner, not a parser: it knows no types and no names.

/// A source file. Line numbers start at 1; `code` has the lines and columns of the file.
pub struct Source {
    pub path: String,
    pub text: String,
    /// The text with comments and the insides of literals blanked.
    pub code: String,
    /// Every string literal with the line it starts on.
    pub strings: Vec<(usize, String)>,
    /// Whether all of it is for tests: it lies with the tests, or its parent module says so.
    pub test_file: bool,
}

impl Source {
    pub fn new(path: &str, text: &str) -> Source {
        let mut scanner = Scanner { chars: text.chars().collect(), at: 0, line: 1, code: String::new(), strings: Vec::new() };
        scanner.scan();
        let test_file = path.contains("/tests/") || path.ends_with("/tests.rs");
        Source { path: path.to_owned(), text: text.to_owned(), code: scanner.code, strings: scanner.strings, test_file }
    }

    /// A finding of a rule, as an editor can jump to it.
    pub fn finding(&self, line: usize, message: &str) -> String {
        format!("{}:{line}: {message}", self.path)
    }

    /// The line of each place where `word` stands in code by itself, not as a part of a longer name.
    pub fn lines_with(&self, word: &str) -> Vec<usize> {
        self.places(word).map(|place| self.line_of(place)).collect()
    }

    /// The byte offset of each such place.
    pub fn places<'a>(&'a self, word: &'a str) -> impl Iterator<Item = usize> + 'a {
        self.code.match_indices(word).map(|(place, _)| place).filter(move |place| {
            let continues = |next: Option<char>| next.is_some_and(|next| next.is_alphanumeric() || next == '_');
            let before = word.starts_with(char::is_alphanumeric) && continues(self.code[..*place].chars().next_back());
            let after = word.ends_with(char::is_alphanumeric) && continues(self.code[place + word.len()..].chars().next());
            !before && !after
        })
    }

    /// The line of a byte offset into `code`.
    pub fn line_of(&self, place: usize) -> usize {
        1 + self.code[..place].matches('\n').count()
    }

    /// The byte offset at which the item that starts at `place` ends: at its closing brace, or at a semicolon if it has no body.
    pub fn end_of_item(&self, place: usize) -> usize {
        let (mut braces, mut others) = (0, 0);
        for (offset, character) in self.code[place..].char_indices() {
            match character {
                '(' | '[' => others += 1,
                ')' | ']' => others -= 1,
                '{' => braces += 1,
                '}' => braces -= 1,
                _ => {}
            }
            let ends = (character == '}' && braces == 0) || (character == ';' && braces == 0 && others == 0);
            if ends {
                return place + offset;
            }
        }
        self.code.len()
    }

    /// The paths at which modules stand that this file declares as `#[cfg(test)] mod name;`.
    pub fn test_modules(&self) -> Vec<String> {
        let (folder, file) = self.path.rsplit_once('/').unwrap_or(("", &self.path));
        let folder = match file {
            "mod.rs" | "lib.rs" | "main.rs" => folder.to_owned(),
            _ => format!("{folder}/{}", file.trim_end_matches(".rs")),
        };
        let items = self.code.match_indices("#[cfg(test)]").map(|(place, start)| &self.code[place + start.len()..self.end_of_item(place)]);
        let names = items.filter_map(|item| item.split_once("mod ")).map(|(_, name)| name.trim());
        names
            .filter(|name| !name.contains('{'))
            .flat_map(|name| [format!("{folder}/{name}.rs"), format!("{folder}/{name}/mod.rs")])
            .collect()
    }

    /// Whether a line belongs to tests: it is in a test file, or in an item under `#[cfg(test)]`.
    pub fn is_test(&self, line: usize) -> bool {
        self.test_file
            || self.code.match_indices("#[cfg(test)]").any(|(place, _)| {
                let last = self.line_of(self.end_of_item(place));
                (self.line_of(place)..=last).contains(&line)
            })
    }
}

struct Scanner {
    chars: Vec<char>,
    at: usize,
    line: usize,
    code: String,
    strings: Vec<(usize, String)>,
}

impl Scanner {
    fn scan(&mut self) {
        while let Some(character) = self.peek(0) {
            match character {
                '/' if self.peek(1) == Some('/') => self.line_comment(),
                '/' if self.peek(1) == Some('*') => self.block_comment(),
                '"' => self.string(None),
                'r' if self.starts_raw_string() => self.raw_string(),
                '\'' => self.character_or_lifetime(),
                _ => self.keep(),
            }
        }
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    /// Takes a character as code.
    fn keep(&mut self) {
        let character = self.chars[self.at];
        self.code.push(character);
        self.line += usize::from(character == '\n');
        self.at += 1;
    }

    /// Takes a character that is not code; only its line break stays.
    fn blank(&mut self) {
        if self.chars[self.at] == '\n' {
            self.keep()
        } else {
            self.code.push(' ');
            self.at += 1
        }
    }

    fn line_comment(&mut self) {
        while self.peek(0).is_some_and(|character| character != '\n') {
            self.blank();
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0;
        while self.at < self.chars.len() {
            match (self.peek(0), self.peek(1)) {
                (Some('/'), Some('*')) => depth += 1,
                (Some('*'), Some('/')) => depth -= 1,
                _ => {
                    self.blank();
                    continue;
                }
            }
            self.blank();
            self.blank();
            if depth == 0 {
                return;
            }
        }
    }

    /// At the opening quote. A raw string says how many hashes follow its closing quote; any other one has escapes.
    fn string(&mut self, hashes: Option<usize>) {
        let start = self.line;
        self.keep();
        let first = self.at;
        while self.at < self.chars.len() && !self.string_ends(hashes) {
            let escape = hashes.is_none() && self.peek(0) == Some('\\') && self.peek(1).is_some();
            if escape {
                self.blank();
            }
            self.blank();
        }
        self.strings.push((start, self.chars[first..self.at].iter().collect()));
        if self.at < self.chars.len() {
            self.keep();
        }
    }

    fn string_ends(&self, hashes: Option<usize>) -> bool {
        self.peek(0) == Some('"') && (1..=hashes.unwrap_or(0)).all(|ahead| self.peek(ahead) == Some('#'))
    }

    /// `r"`, `r#"`, also after `b` and `c`; not the end of a name, and not the raw name `r#type`.
    fn starts_raw_string(&self) -> bool {
        let before = |back: usize| self.at.checked_sub(back).map(|at| self.chars[at]);
        let part_of_name = |character: Option<char>| character.is_some_and(|character| character.is_alphanumeric() || character == '_');
        let prefixed = matches!(before(1), Some('b' | 'c')) && !part_of_name(before(2));
        (prefixed || !part_of_name(before(1))) && self.peek(1 + self.hashes_ahead()) == Some('"')
    }

    fn hashes_ahead(&self) -> usize {
        self.chars[self.at + 1..].iter().take_while(|character| **character == '#').count()
    }

    fn raw_string(&mut self) {
        let hashes = self.hashes_ahead();
        for _ in 0..=hashes {
            self.keep();
        }
        self.string(Some(hashes));
    }

    /// `'x'` and `'\n'` are literals, `'name` is a lifetime.
    fn character_or_lifetime(&mut self) {
        let escaped = self.peek(1) == Some('\\');
        self.keep();
        if !escaped && self.peek(1) != Some('\'') {
            return;
        }
        self.blank();
        if escaped {
            self.blank();
        }
        while self.peek(0).is_some_and(|character| character != '\'') {
            self.blank();
        }
        if self.at < self.chars.len() {
            self.keep();
        }
    }
}

#[test]
fn comments_and_literals_are_no_code() {
    let text = "let a = \"x // \\\" {\"; // }\nlet b = '{'; /* { /* */ } */ let c: &'a str = r#\"one \"\ntwo\"#; let d = b'\\'';\n";
    let source = Source::new("a.rs", text);
    assert_eq!(source.code.chars().filter(|character| "{}".contains(*character)).count(), 0, "{}", source.code);
    assert_eq!(source.code.chars().count(), text.chars().count());
    assert_eq!(source.strings, [(1, "x // \\\" {".to_owned()), (2, "one \"\ntwo".to_owned())]);
    assert_eq!(source.lines_with("let"), [1, 2, 2, 3]);
    assert!(source.lines_with("le").is_empty());
}

#[test]
fn a_module_for_tests_alone_is_found_where_it_stands() {
    let text = "mod a;\n#[cfg(test)]\npub(crate) mod b;\n#[cfg(test)]\nmod tests {\n}\n";
    assert_eq!(Source::new("src/x/mod.rs", text).test_modules(), ["src/x/b.rs", "src/x/b/mod.rs"]);
    assert_eq!(Source::new("src/y.rs", text).test_modules(), ["src/y/b.rs", "src/y/b/mod.rs"]);
}

#[test]
fn an_item_ends_at_its_brace_or_semicolon() {
    let source = Source::new("src/a.rs", "fn a(x: [u8; 2]) {\n if x {}\n}\n#[cfg(test)]\nmod tests {\n}\nfn b();\n");
    assert_eq!(source.line_of(source.end_of_item(0)), 3);
    assert_eq!((1..=7).filter(|line| source.is_test(*line)).collect::<Vec<_>>(), [4, 5, 6]);
}
