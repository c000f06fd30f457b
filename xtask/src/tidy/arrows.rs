//! Which crate may know which: the code block in ARCHITECTURE.md says it, the manifests must keep to it.

use std::collections::{BTreeMap, BTreeSet};

use super::Finding;
use crate::workspace::Crate;

/// The file that has the block.
pub(super) const MAP: &str = "ARCHITECTURE.md";

const PREFIX: &str = "redfleet-";

type Arrows = BTreeMap<String, BTreeSet<String>>;

pub(super) fn check(map: Option<&str>, crates: &[Crate]) -> Vec<Finding> {
    let arrows = map.map(parse).unwrap_or_default();
    if arrows.is_empty() {
        let text = format!("there must be a code block with lines like `{PREFIX}lock -> {PREFIX}core`");
        return vec![Finding::about(MAP, text)];
    }
    let mut findings = Vec::new();
    for krate in crates.iter().filter(|krate| krate.is_published) {
        let known = arrows.get(&krate.package);
        let is_named = known.is_some() || arrows.values().any(|targets| targets.contains(&krate.package));
        if !is_named {
            findings.push(Finding::about(MAP, format!("no arrow names the crate {}", krate.package)));
        }
        for dependency in krate.dependencies.iter().filter(|name| name.starts_with(PREFIX)) {
            if !known.is_some_and(|known| known.contains(dependency)) {
                let text =
                    format!("depends on {dependency}, but {MAP} has no arrow `-> {dependency}` for it");
                findings.push(Finding::about(&krate.package, text));
            }
        }
    }
    findings
}

/// The lines `A -> B, C` inside code blocks whose left side is one of our crates.
fn parse(text: &str) -> Arrows {
    let mut arrows = Arrows::new();
    let mut is_code = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        } else if is_code
            && let Some((left, right)) = line.split_once("->")
            && left.trim().starts_with(PREFIX)
        {
            let targets = right.split([',', ' ']).filter(|word| word.starts_with(PREFIX)).map(str::to_owned);
            arrows.entry(left.trim().to_owned()).or_default().extend(targets);
        }
    }
    arrows
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# Map\n```text\nredfleet-core -> redis\nredfleet-lock -> redfleet-core\n```\n\
                        redfleet-lock -> redfleet-cache is not allowed\n";

    fn krate(package: &str, dependencies: &[&str]) -> Crate {
        Crate {
            package: package.into(),
            is_published: true,
            rust_version: None,
            features: Vec::new(),
            dependencies: dependencies.iter().map(|name| (*name).to_owned()).collect(),
            targets: Vec::new(),
        }
    }

    #[test]
    fn drawn_arrows_are_allowed() {
        let crates =
            [krate("redfleet-core", &["redis"]), krate("redfleet-lock", &["redfleet-core", "tokio"])];
        assert_eq!(check(Some(TEXT), &crates), []);
    }

    #[test]
    fn an_arrow_that_is_not_drawn_is_found_also_where_prose_has_it() {
        let found = check(Some(TEXT), &[krate("redfleet-lock", &["redfleet-core", "redfleet-cache"])]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].place, "redfleet-lock");
        assert_eq!(check(Some(TEXT), &[krate("redfleet-core", &["redfleet-lock"])]).len(), 1);
    }

    #[test]
    fn a_missing_block_and_an_unnamed_crate_are_found() {
        assert_eq!(check(None, &[]).len(), 1);
        assert_eq!(check(Some("# Map\nredfleet-lock -> redfleet-core\n"), &[]).len(), 1);
        let found = check(Some(TEXT), &[krate("redfleet-pipe", &[])]);
        assert_eq!(found[0].text, "no arrow names the crate redfleet-pipe");
    }
}
