//! What cargo says of this workspace: its crates, their features and their targets.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::failure::{Failure, Result, fail};
use crate::process;

const METADATA_LIMIT: Duration = Duration::from_secs(300);

/// The workspace.
#[derive(Debug)]
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    pub(crate) target: PathBuf,
    pub(crate) crates: Vec<Crate>,
}

/// One package of the workspace.
#[derive(Clone, Debug)]
pub(crate) struct Crate {
    pub(crate) package: String,
    pub(crate) is_published: bool,
    pub(crate) rust_version: Option<String>,
    /// All features but `default`.
    pub(crate) features: Vec<String>,
    /// The names of what it depends on when it is used, not when it is tested.
    pub(crate) dependencies: Vec<String>,
    pub(crate) targets: Vec<Target>,
}

/// One target of a package.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) required_features: Vec<String>,
}

/// What a target is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Library,
    Binary,
    Test,
    Example,
    Bench,
    Other,
}

impl Workspace {
    /// Asks cargo for the workspace that this tool belongs to.
    pub(crate) fn find() -> Result<Self> {
        // Set by `cargo run`; what was the folder when this was compiled may be another copy of the repository.
        let folder = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let folder = folder.as_deref().and_then(Path::parent).unwrap_or_else(|| Path::new("."));
        let text = process::read(
            process::cargo().current_dir(folder).args(["metadata", "--no-deps", "--format-version", "1"]),
            METADATA_LIMIT,
        )?;
        Self::parse(&text)
    }

    fn parse(text: &str) -> Result<Self> {
        let metadata: Value = serde_json::from_str(text)
            .map_err(|error| Failure::new(format!("cargo's metadata cannot be read: {error}")))?;
        Ok(Self {
            root: string(&metadata, "workspace_root").into(),
            target: string(&metadata, "target_directory").into(),
            crates: list(&metadata, "packages").iter().map(Crate::parse).collect(),
        })
    }

    /// The crates that a person chose: all, or the one that is called so.
    pub(crate) fn chosen(&self, name: Option<&str>) -> Result<Vec<Crate>> {
        let Some(name) = name else { return Ok(self.crates.clone()) };
        let found = self.crates.iter().find(|krate| krate.short() == name || krate.package == name);
        if let Some(krate) = found {
            return Ok(vec![krate.clone()]);
        }
        let names: Vec<_> = self.crates.iter().map(Crate::short).collect();
        fail(format!("no crate is called `{name}`: there are {}", names.join(", ")))
    }

    /// The crates that users get.
    pub(crate) fn published(&self) -> impl Iterator<Item = &Crate> {
        self.crates.iter().filter(|krate| krate.is_published)
    }
}

/// All that cargo knows of the workspace there, of every dependency too.
pub(crate) fn resolved(root: &Path) -> Result<Value> {
    let mut command = process::cargo();
    command.current_dir(root).args(["metadata", "--all-features", "--format-version", "1"]);
    let text = process::read(&mut command, METADATA_LIMIT)?;
    serde_json::from_str(&text)
        .map_err(|error| Failure::new(format!("cargo's metadata cannot be read: {error}")))
}

impl Crate {
    fn parse(package: &Value) -> Self {
        let mut features: Vec<_> = package
            .get("features")
            .and_then(Value::as_object)
            .into_iter()
            .flat_map(|features| features.keys().cloned())
            .filter(|feature| feature != "default")
            .collect();
        features.sort();
        let dependencies = list(package, "dependencies")
            .iter()
            .filter(|dependency| dependency.get("kind").is_none_or(Value::is_null))
            .map(|dependency| string(dependency, "name").to_owned())
            .collect();
        Self {
            package: string(package, "name").to_owned(),
            is_published: !package.get("publish").and_then(Value::as_array).is_some_and(Vec::is_empty),
            rust_version: package.get("rust_version").and_then(Value::as_str).map(str::to_owned),
            features,
            dependencies,
            targets: list(package, "targets").iter().map(Target::parse).collect(),
        }
    }

    /// The name that people type: `core` for `redfleet-core`.
    pub(crate) fn short(&self) -> &str {
        self.package.strip_prefix("redfleet-").unwrap_or(&self.package)
    }

    /// The targets of this kind.
    pub(crate) fn targets(&self, kind: Kind) -> impl Iterator<Item = &Target> {
        self.targets.iter().filter(move |target| target.kind == kind)
    }
}

impl Target {
    fn parse(target: &Value) -> Self {
        let kinds: Vec<_> = list(target, "kind").iter().filter_map(Value::as_str).collect();
        let kind = match kinds.first().copied() {
            Some("lib" | "rlib" | "proc-macro" | "dylib" | "cdylib" | "staticlib") => Kind::Library,
            Some("bin") => Kind::Binary,
            Some("test") => Kind::Test,
            Some("example") => Kind::Example,
            Some("bench") => Kind::Bench,
            _ => Kind::Other,
        };
        let features = list(target, "required-features").iter().filter_map(Value::as_str);
        Self {
            name: string(target, "name").to_owned(),
            kind,
            required_features: features.map(str::to_owned).collect(),
        }
    }
}

/// The text of a field, empty where there is none.
pub(crate) fn string<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// The entries of a field, none where there is none.
pub(crate) fn list<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value.get(field).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{"workspace_root": "/w", "target_directory": "/w/target", "packages": [
        {"name": "redfleet-core", "publish": null, "rust_version": "1.88",
         "features": {"default": [], "tls": [], "test-servers": ["test-util"]},
         "dependencies": [{"name": "redis", "kind": null}, {"name": "rcgen", "kind": "dev"}],
         "targets": [{"name": "redfleet_core", "kind": ["lib"]},
                     {"name": "servers_acl", "kind": ["test"], "required-features": ["test-servers"]}]},
        {"name": "xtask", "publish": [], "rust_version": null, "features": {}, "dependencies": [], "targets": []}]}"#;

    #[test]
    fn crates_features_and_targets_are_read() {
        let workspace = Workspace::parse(TEXT).unwrap();
        let core = &workspace.crates[0];
        assert_eq!(core.features, ["test-servers", "tls"]);
        assert_eq!(core.dependencies, ["redis"]);
        assert_eq!(core.targets(Kind::Test).next().unwrap().required_features, ["test-servers"]);
        assert_eq!(workspace.published().map(Crate::short).collect::<Vec<_>>(), ["core"]);
    }

    #[test]
    fn a_crate_is_chosen_by_either_name_and_an_unknown_one_lists_them() {
        let workspace = Workspace::parse(TEXT).unwrap();
        assert_eq!(workspace.chosen(Some("core")).unwrap().len(), 1);
        assert_eq!(workspace.chosen(Some("redfleet-core")).unwrap().len(), 1);
        assert_eq!(workspace.chosen(None).unwrap().len(), 2);
        let error = workspace.chosen(Some("lokc")).unwrap_err();
        assert_eq!(error.to_string(), "no crate is called `lokc`: there are core, xtask");
    }
}
