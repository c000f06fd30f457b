//! Functions are short, tests aside. They are found by the indentation that rustfmt gives them, so no parser is needed.

use super::Finding;
use super::tree::File;

const FUNCTION_LINES: usize = 70;

pub(super) fn check(file: &File) -> Vec<Finding> {
    if !file.is_rust() {
        return Vec::new();
    }
    let lines: Vec<_> = file.lines().collect();
    let mut findings = Vec::new();
    for (index, (number, line)) in lines.iter().enumerate().take(file.lines_before_tests()) {
        let Some(name) = name(line) else { continue };
        let length = length(lines.iter().skip(index).map(|(_, line)| *line));
        if length > FUNCTION_LINES {
            let text = format!("`{name}` has {length} lines, the limit is {FUNCTION_LINES}");
            findings.push(Finding::at(file, *number, text));
        }
    }
    findings
}

/// The name of the function that starts on this line.
fn name(line: &str) -> Option<&str> {
    let mut rest = line.trim_start();
    loop {
        if let Some(found) = rest.strip_prefix("fn ") {
            return found.split(['(', '<']).next();
        }
        let (word, after) = rest.split_once(' ')?;
        let is_qualifier = matches!(word, "const" | "async" | "unsafe" | "extern") || word.starts_with("pub");
        if !is_qualifier && !word.starts_with('"') {
            return None;
        }
        rest = after;
    }
}

/// How many lines the function has that starts with the first of these.
fn length<'a>(mut lines: impl Iterator<Item = &'a str>) -> usize {
    let Some(first) = lines.next() else { return 0 };
    let indent = first.len() - first.trim_start().len();
    let mut is_open = first.ends_with('{');
    if !is_open && first.ends_with([';', '}']) {
        return 1;
    }
    let mut length = 1;
    for line in lines {
        length += 1;
        if line.len() - line.trim_start().len() != indent || line.trim().is_empty() {
            continue;
        }
        let text = line.trim();
        if is_open {
            if text == "}" {
                break;
            }
        } else if text.ends_with('{') {
            is_open = true;
        } else if text.ends_with([';', '}']) {
            break;
        }
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_body(head: &str, lines: usize) -> File {
        let body = "        let a = 1;\n".repeat(lines);
        File::new(
            "a.rs",
            format!("//! A.\nimpl A {{\n    {head}\n{body}    }}\n\n    fn next(&self) {{}}\n}}\n"),
        )
    }

    #[test]
    fn a_long_function_is_found_and_a_short_one_is_not() {
        assert_eq!(check(&with_body("pub(crate) async fn long(&self) {", 68)), []);
        let found = check(&with_body("pub(crate) async fn long(&self) {", 69));
        assert_eq!(found[0].text, "`long` has 71 lines, the limit is 70");
        assert_eq!(found[0].place, "a.rs:3");
    }

    #[test]
    fn a_long_test_is_nobodys_business() {
        let long = with_body("fn long(&self) {", 90);
        let tests = File::new("a.rs", format!("//! A.\n#[cfg(test)]\nmod tests {{\n{}}}\n", long.text));
        assert_eq!(check(&tests), []);
        assert_eq!(check(&File::new("crates/a/tests/b.rs", long.text)), []);
    }

    #[test]
    fn signatures_of_several_lines_and_without_body_are_understood() {
        let long =
            with_body("const fn long<T>(\n        a: T,\n    ) -> T\n    where\n        T: Copy,\n    {", 70);
        assert_eq!(check(&long).len(), 1);
        let none = with_body("fn declared(\n        a: u8,\n    ) -> u8;", 90);
        assert_eq!(check(&none), []);
    }

    #[test]
    fn names_are_read_behind_every_qualifier() {
        assert_eq!(name("    pub(super) unsafe extern \"C\" fn a<T>(b: T) {"), Some("a"));
        assert_eq!(name("// some fn like this ("), None);
        assert_eq!(name("let f: fn (u8) = a;"), None);
    }
}
