//! Which Debian archive and keyring this machine's own apt sources name.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::failure::{Failure, Result};

/// One archive that apt is told to use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) uri: String,
    suites: Vec<String>,
    components: Vec<String>,
    /// The keyring's file, where one is named by path.
    pub(super) keyring: Option<String>,
}

/// Where Debian's own package puts its keys: for sources that name no keyring.
pub(super) const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// Releases by which an archive is known as Debian's own, and not as one of its security or updates suites.
const SUITES: [&str; 10] =
    ["bullseye", "bookworm", "trixie", "forky", "duke", "sid", "oldstable", "stable", "testing", "unstable"];

/// The Debian archive of the machine's sources.
pub(super) fn archive() -> Result<Source> {
    let folder = Path::new("/etc/apt/sources.list.d");
    let mut files: Vec<_> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    files.sort();
    files.insert(0, "/etc/apt/sources.list".into());
    let mut sources = Vec::new();
    for file in files {
        let Ok(text) = fs::read_to_string(&file) else { continue };
        match file.extension().and_then(|extension| extension.to_str()) {
            Some("list") => sources.extend(one_line_style(&text)),
            Some("sources") => sources.extend(deb822_style(&text)),
            _ => {}
        }
    }
    choose(&sources).cloned().ok_or_else(|| {
        Failure::new(
            "this machine's apt sources name no Debian archive, so no image can be built from its packages: \
             give Docker a registry to pull from, or load the images by `docker load`",
        )
    })
}

/// The first source that is a whole Debian release.
fn choose(sources: &[Source]) -> Option<&Source> {
    sources.iter().find(|source| {
        source.components.iter().any(|component| component == "main")
            && source.suites.iter().any(|suite| SUITES.contains(&suite.as_str()))
    })
}

/// Reads `deb [signed-by=FILE] URI SUITE COMPONENT..`, a source a line.
fn one_line_style(text: &str) -> Vec<Source> {
    text.lines().filter_map(one_line).collect()
}

fn one_line(line: &str) -> Option<Source> {
    let line = line.split('#').next()?.trim();
    let rest = line.strip_prefix("deb")?.strip_prefix([' ', '\t'])?.trim_start();
    let (options, rest) = match rest.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => ("", rest),
    };
    let keyring =
        options.split_whitespace().find_map(|option| option.strip_prefix("signed-by=")).and_then(path);
    let mut words = rest.split_whitespace().map(str::to_owned);
    Some(Source { uri: words.next()?, suites: vec![words.next()?], components: words.collect(), keyring })
}

/// Reads paragraphs of `Field: value` lines, a source for each URI of a paragraph.
fn deb822_style(text: &str) -> Vec<Source> {
    let lines: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
    lines.split(|line| line.trim().is_empty()).flat_map(paragraph).collect()
}

fn paragraph(lines: &[&str]) -> Vec<Source> {
    let mut fields: BTreeMap<String, String> = BTreeMap::new();
    let mut current = String::new();
    for line in lines {
        if !line.starts_with([' ', '\t'])
            && let Some((name, value)) = line.split_once(':')
        {
            current = name.trim().to_ascii_lowercase();
            fields.insert(current.clone(), value.trim().to_owned());
        } else if let Some(value) = fields.get_mut(&current) {
            value.push(' ');
            value.push_str(line.trim());
        }
    }
    let words = |name: &str| -> Vec<String> {
        fields
            .get(name)
            .map(|value| value.split_whitespace().map(str::to_owned).collect())
            .unwrap_or_default()
    };
    let is_off = fields.get("enabled").is_some_and(|value| value.eq_ignore_ascii_case("no"));
    if is_off || !words("types").iter().any(|kind| kind == "deb") {
        return Vec::new();
    }
    let keyring = words("signed-by").iter().find_map(|word| path(word));
    let source =
        Source { uri: String::new(), suites: words("suites"), components: words("components"), keyring };
    words("uris").into_iter().map(|uri| Source { uri, ..source.clone() }).collect()
}

/// A keyring's file; a fingerprint or a key written into the source itself is not one.
fn path(word: &str) -> Option<String> {
    let first = word.split(',').next()?;
    first.starts_with('/').then(|| first.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deb822_paragraphs_are_read_and_security_is_passed_over() {
        let text = "Types: deb\nURIs: http://security.example/debian-security\nSuites: bookworm-security\n\
                    Components: main\n\nTypes: deb deb-src\n# a note: here\nURIs: http://mirror.example/debian\n\
                    Suites: bookworm\n bookworm-updates\nComponents: main contrib\nSigned-By: /keys/debian.gpg\n";
        let sources = deb822_style(text);
        assert_eq!(sources.len(), 2);
        let chosen = choose(&sources).unwrap();
        assert_eq!(chosen.uri, "http://mirror.example/debian");
        assert_eq!(chosen.suites, ["bookworm", "bookworm-updates"]);
        assert_eq!(chosen.keyring.as_deref(), Some("/keys/debian.gpg"));
    }

    #[test]
    fn one_line_sources_are_read_with_and_without_options() {
        let text = "# deb http://old.example/debian sid main\n\
                    deb [arch=amd64 signed-by=/keys/a.gpg,/keys/b.gpg] http://mirror.example/debian trixie main # x\n\
                    deb-src http://mirror.example/debian trixie main\ndeb http://plain.example/debian sid main";
        let sources = one_line_style(text);
        assert_eq!(sources.len(), 2);
        assert_eq!(choose(&sources).unwrap().keyring.as_deref(), Some("/keys/a.gpg"));
        assert_eq!(sources[1].uri, "http://plain.example/debian");
        assert_eq!(sources[1].keyring, None);
    }

    #[test]
    fn sources_that_are_off_or_not_debian_or_carry_their_key_inside_are_understood() {
        let off = "Enabled: no\nTypes: deb\nURIs: http://m.example/debian\nSuites: sid\nComponents: main\n";
        assert_eq!(deb822_style(off), []);
        let other = one_line_style("deb http://m.example/ubuntu noble main");
        assert_eq!(choose(&other), None);
        let inside = "Types: deb\nURIs: http://m.example/debian\nSuites: trixie\nComponents: main\nSigned-By:\n \
                      -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc/def\n -----END PGP PUBLIC KEY BLOCK-----\n";
        assert_eq!(choose(&deb822_style(inside)).unwrap().keyring, None);
    }
}
