//! The repository's own files, read once for all rules.

use std::fs;
use std::path::Path;

use crate::failure::{Failure, Result};

/// One text file.
#[derive(Debug)]
pub(super) struct File {
    /// From the repository's root, with `/`.
    pub(super) path: String,
    pub(super) text: String,
}

impl File {
    pub(super) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Lines with their numbers, counted from 1.
    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        (1..).zip(self.text.lines())
    }

    /// Whether the whole file is a test: the house's sizes are for what is tested.
    fn is_test(&self) -> bool {
        self.path.contains("/tests/") || self.path.ends_with("/tests.rs")
    }

    /// How many lines there are before the tests at the end.
    pub(super) fn lines_before_tests(&self) -> usize {
        if self.is_test() {
            return 0;
        }
        let mut before = 0;
        let mut lines = self.text.lines().peekable();
        while let Some(line) = lines.next() {
            let opens_tests =
                lines.peek().is_some_and(|next| next.starts_with("mod ") && next.ends_with('{'));
            if line == "#[cfg(test)]" && opens_tests {
                break;
            }
            before += 1;
        }
        before
    }

    #[cfg(test)]
    pub(super) fn new(path: &str, text: impl Into<String>) -> Self {
        Self { path: path.into(), text: text.into() }
    }
}

/// Reads every `.rs` and `.md` file of the crates, of this tool and of the root.
pub(super) fn read(root: &Path) -> Result<Vec<File>> {
    let mut files = Vec::new();
    walk(root, root, &mut files)?;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn walk(root: &Path, folder: &Path, files: &mut Vec<File>) -> Result<()> {
    let unreadable = |path: &Path, error: &std::io::Error| {
        Failure::new(format!("{} cannot be read: {error}", path.display()))
    };
    for entry in fs::read_dir(folder).map_err(|error| unreadable(folder, &error))? {
        let entry = entry.map_err(|error| unreadable(folder, &error))?;
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        let kind = entry.file_type().map_err(|error| unreadable(&path, &error))?;
        if kind.is_dir() {
            if !name.starts_with('.') && name != "target" {
                walk(root, &path, files)?;
            }
        } else if kind.is_file() && (name.ends_with(".rs") || name.ends_with(".md")) {
            let text = fs::read_to_string(&path).map_err(|error| unreadable(&path, &error))?;
            let relative = path.strip_prefix(root).unwrap_or(&path);
            files.push(File { path: relative.to_string_lossy().replace('\\', "/"), text });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_at_the_end_do_not_count_and_a_test_module_of_its_own_file_hides_nothing() {
        let file = File::new("a.rs", "//! A.\n\nfn a() {}\n\n#[cfg(test)]\nmod tests {\n}\n");
        assert_eq!(file.lines_before_tests(), 4);
        let file = File::new("a.rs", "//! A.\n#[cfg(test)]\nmod tests;\nmod b;\n");
        assert_eq!(file.lines_before_tests(), 4);
    }
}
