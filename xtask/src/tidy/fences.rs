//! Every example in docs is run: none is only compiled or passed over.

use super::Finding;
use super::tree::File;

pub(super) fn check(file: &File) -> Vec<Finding> {
    let is_page =
        file.path == "README.md" || (file.path.starts_with("crates/") && file.path.ends_with(".md"));
    let mut findings = Vec::new();
    for (number, line) in file.lines() {
        let text = line.trim_start();
        let text = if is_page {
            Some(text)
        } else if file.is_rust() {
            text.strip_prefix("///").or_else(|| text.strip_prefix("//!")).map(str::trim_start)
        } else {
            None
        };
        if let Some(word) = text.and_then(unrun) {
            findings.push(Finding::at(file, number, format!("an example marked `{word}` is not run")));
        }
    }
    findings
}

/// The word on a code fence that keeps the example from being run.
fn unrun(line: &str) -> Option<&str> {
    let info = line.strip_prefix("```")?.trim_start_matches('`');
    let mut words = info.split(|c: char| !c.is_alphanumeric() && c != '_');
    words.find(|word| *word == "no_run" || *word == "ignore")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> usize {
        check(&File::new(path, text)).len()
    }

    #[test]
    fn examples_that_are_not_run_are_found() {
        for info in ["no_run", "ignore", "rust,no_run", "rust, ignore-windows"] {
            assert_eq!(
                found("crates/core/src/a.rs", &format!("/// ```{info}\n/// a();\n/// ```\n")),
                1,
                "{info}"
            );
            assert_eq!(found("README.md", &format!("```{info}\na();\n```\n")), 1, "{info}");
        }
        assert_eq!(found("crates/core/src/a.rs", "//! ```no_run\n"), 1);
    }

    #[test]
    fn run_examples_text_and_code_are_not() {
        for line in
            ["/// ```", "/// ```text", "/// ```compile_fail", "/// ```should_panic", "let a = \"```no_run\";"]
        {
            assert_eq!(found("crates/core/src/a.rs", line), 0, "{line}");
        }
        assert_eq!(found("CONTRIBUTING.md", "```no_run\n"), 0);
    }
}
