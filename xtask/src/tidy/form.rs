//! A file opens with its subject, has one, and is short; `lib.rs` holds docs and re-exports.

use super::Finding;
use super::tree::File;

const FILE_WARNS_LINES: usize = 300;
const FILE_FAILS_LINES: usize = 500;
const LIBRARY_CODE_LINES: usize = 60;

pub(super) fn check(file: &File) -> Vec<Finding> {
    if !file.is_rust() {
        return Vec::new();
    }
    let mut findings = Vec::new();
    if !file.text.starts_with("//!") {
        findings.push(Finding::at(file, 1, "the first line must be `//!` and say the file's one subject"));
    }
    let lines = file.lines_before_tests();
    if lines > FILE_FAILS_LINES {
        findings.push(Finding::at(file, lines, format!("{lines} lines, the limit is {FILE_FAILS_LINES}")));
    } else if lines > FILE_WARNS_LINES {
        let text = format!("{lines} lines: more than {FILE_WARNS_LINES} want splitting");
        findings.push(Finding::at(file, lines, text).warning());
    }
    let code = code_lines(file);
    if file.path.ends_with("src/lib.rs") && code > LIBRARY_CODE_LINES {
        let text =
            format!("{code} lines of code in a lib.rs, the limit is {LIBRARY_CODE_LINES}: it re-exports");
        findings.push(Finding::at(file, 1, text));
    }
    findings
}

fn code_lines(file: &File) -> usize {
    let lines = file.text.lines().take(file.lines_before_tests()).map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with("//")).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rust(lines: usize) -> String {
        format!("//! A.\n{}", "mod a;\n".repeat(lines - 1))
    }

    #[test]
    fn a_file_that_does_not_say_its_subject_first_is_found() {
        assert_eq!(check(&File::new("a.rs", "//! A.\n")), []);
        assert_eq!(check(&File::new("a.rs", "\n//! A.\n")).len(), 1);
        assert_eq!(check(&File::new("a.rs", "use b;\n")).len(), 1);
        assert_eq!(check(&File::new("a.md", "# A\n")), []);
    }

    #[test]
    fn a_long_file_is_warned_of_and_a_very_long_one_found() {
        assert_eq!(check(&File::new("a.rs", rust(300))), []);
        assert!(check(&File::new("a.rs", rust(301)))[0].is_warning);
        assert!(!check(&File::new("a.rs", rust(501)))[0].is_warning);
        let tests = format!("{}#[cfg(test)]\nmod tests {{\n{}}}\n", rust(300), "\n".repeat(900));
        assert_eq!(check(&File::new("a.rs", tests)), []);
    }

    #[test]
    fn a_library_file_with_much_code_is_found() {
        assert_eq!(check(&File::new("crates/core/src/lib.rs", rust(61))), []);
        assert_eq!(check(&File::new("crates/core/src/lib.rs", rust(62))).len(), 1);
    }
}
