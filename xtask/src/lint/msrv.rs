//! The oldest Rust that is promised: redis-rs's own floor, and no dependency of a user's asks for more.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::failure::{Failure, Result, fail};
use crate::steps::{Done, Step};
use crate::workspace::{Workspace, list, resolved, string};

/// The package whose floor is ours.
const BASE: &str = "redis";

/// The step.
pub(super) fn step(workspace: &Workspace) -> Step {
    let published: Vec<_> = workspace
        .published()
        .map(|krate| (krate.package.clone(), krate.rust_version.clone().unwrap_or_default()))
        .collect();
    let root = workspace.root.clone();
    Step::new("msrv", move || check(&resolved(&root)?, &published).map(Done::note))
}

/// Checks the floor, and answers with a few words for the table.
fn check(metadata: &Value, published: &[(String, String)]) -> Result<String> {
    let packages = list(metadata, "packages");
    let base = packages.iter().find(|package| string(package, "name") == BASE);
    let Some(base) = base else {
        return fail(format!("nothing depends on {BASE}, so there is no floor to keep"));
    };
    let floor_text = string(base, "rust_version");
    let floor = version(floor_text).ok_or_else(|| {
        Failure::new(format!("{BASE} states no rust-version, so there is no floor to keep"))
    })?;
    let mut faults: Vec<_> = published
        .iter()
        .filter(|(_, stated)| version(stated) != Some(floor))
        .map(|(name, stated)| format!("{name} states rust-version `{stated}`, but {BASE}'s is {floor_text}"))
        .collect();
    let used = used(metadata, published);
    for package in packages.iter().filter(|package| used.contains(string(package, "id"))) {
        let asked = string(package, "rust_version");
        if version(asked).is_some_and(|asked| asked > floor) {
            let (name, version) = (string(package, "name"), string(package, "version"));
            faults.push(format!("{name} {version} asks for Rust {asked}, more than {floor_text}"));
        }
    }
    if !faults.is_empty() {
        return fail(faults.join("\n"));
    }
    Ok(format!("Rust {floor_text}, {} packages", used.len()))
}

/// All that the published crates bring along when they are used, with all features; not what their tests need.
fn used<'a>(metadata: &'a Value, published: &[(String, String)]) -> BTreeSet<&'a str> {
    let nodes = metadata.get("resolve").map_or(&[][..], |resolve| list(resolve, "nodes"));
    let nodes: BTreeMap<_, _> = nodes.iter().map(|node| (string(node, "id"), node)).collect();
    let mut todo: Vec<_> = list(metadata, "packages")
        .iter()
        .filter(|package| published.iter().any(|(name, _)| name == string(package, "name")))
        .map(|package| string(package, "id"))
        .collect();
    let mut used = BTreeSet::new();
    while let Some(id) = todo.pop() {
        if used.insert(id)
            && let Some(node) = nodes.get(id)
        {
            todo.extend(list(node, "deps").iter().filter(|dep| is_used(dep)).map(|dep| string(dep, "pkg")));
        }
    }
    used
}

/// Whether a dependency is there for more than tests.
fn is_used(dependency: &Value) -> bool {
    list(dependency, "dep_kinds").iter().any(|kind| string(kind, "kind") != "dev")
}

/// `1.88` and `1.88.0` are the same.
fn version(text: &str) -> Option<[u32; 3]> {
    let mut numbers = text.split('.').map(|part| part.parse().ok());
    Some([numbers.next()??, numbers.next().flatten().unwrap_or(0), numbers.next().flatten().unwrap_or(0)])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A workspace of one crate that uses redis and `used`, and tests with `tested`.
    fn metadata(used: &str, tested: &str) -> Value {
        let text = format!(
            r#"{{"packages": [
                {{"name": "redfleet-core", "id": "core", "version": "0.1.0", "rust_version": "1.88"}},
                {{"name": "redis", "id": "redis", "version": "1.8.1", "rust_version": "1.88.0"}},
                {{"name": "used", "id": "used", "version": "1.0.0", "rust_version": {used}}},
                {{"name": "tested", "id": "tested", "version": "2.0.0", "rust_version": {tested}}}],
              "resolve": {{"nodes": [
                {{"id": "core", "deps": [{{"pkg": "redis", "dep_kinds": [{{"kind": null}}]}},
                                         {{"pkg": "tested", "dep_kinds": [{{"kind": "dev"}}]}}]}},
                {{"id": "redis", "deps": [{{"pkg": "used", "dep_kinds": [{{"kind": "dev"}}, {{"kind": "build"}}]}}]}},
                {{"id": "used", "deps": []}}, {{"id": "tested", "deps": []}}]}}}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    fn core(rust_version: &str) -> [(String, String); 1] {
        [("redfleet-core".into(), rust_version.into())]
    }

    #[test]
    fn the_floor_is_redis_own_and_tests_may_ask_for_more() {
        let note = check(&metadata("null", "\"1.95\""), &core("1.88")).unwrap();
        assert_eq!(note, "Rust 1.88.0, 3 packages");
    }

    #[test]
    fn another_floor_than_redis_own_is_found() {
        let error = check(&metadata("null", "null"), &core("1.85")).unwrap_err();
        assert_eq!(error.to_string(), "redfleet-core states rust-version `1.85`, but redis's is 1.88.0");
    }

    #[test]
    fn a_dependency_that_asks_for_more_is_found() {
        let error = check(&metadata("\"1.89\"", "null"), &core("1.88")).unwrap_err();
        assert_eq!(error.to_string(), "used 1.0.0 asks for Rust 1.89, more than 1.88.0");
    }
}
