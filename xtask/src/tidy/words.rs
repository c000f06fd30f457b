//! Words of unfinished or silenced code. They are written in two pieces here, or this file would find itself.

use super::Finding;
use super::tree::File;

const WORDS: [(&str, &str); 5] = [
    (concat!("#[", "ignore"), "no test is switched off: mend it or remove it"),
    (concat!("to", "do!("), "unfinished"),
    (concat!("unimple", "mented!("), "unfinished"),
    (concat!("#[", "allow("), "say `expect` with a reason, so that it goes when its reason goes"),
    (concat!("#![", "allow("), "say `expect` with a reason, so that it goes when its reason goes"),
];

pub(super) fn check(file: &File) -> Vec<Finding> {
    if !file.is_rust() {
        return Vec::new();
    }
    let found = file.lines().flat_map(|(number, line)| {
        let words = WORDS.iter().filter(move |(word, _)| line.contains(word));
        words.map(move |(word, why)| Finding::at(file, number, format!("`{word}`: {why}")))
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_is_found_where_it_stands() {
        for (word, _) in WORDS {
            let found = check(&File::new("a.rs", format!("//! A.\n    {word}x)]\n")));
            assert_eq!(found.len(), 1, "{word}");
            assert_eq!(found[0].place, "a.rs:2");
        }
        assert_eq!(check(&File::new("a.rs", "#[expect(dead_code, reason = \"b\")]\n")), []);
    }
}
