//! The medians that criterion left in its folder, as rows beside the peers' figures.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use serde_json::{Value, json};

use crate::failure::{Failure, Result};
use crate::workspace::string;

/// A row for each bench that was measured since then, by name.
pub(super) fn rows(folder: &Path, since: SystemTime) -> Result<Vec<Value>> {
    let mut rows = Vec::new();
    collect(folder, since, &mut rows)?;
    rows.sort_by(|a, b| string(a, "name").cmp(string(b, "name")));
    Ok(rows)
}

fn collect(folder: &Path, since: SystemTime, rows: &mut Vec<Value>) -> Result<()> {
    let estimates = folder.join("new/estimates.json");
    let written = fs::metadata(&estimates).and_then(|metadata| metadata.modified());
    if written.is_ok_and(|written| written >= since) {
        let name = read(&folder.join("new/benchmark.json"))?;
        rows.push(row(string(&name, "full_id"), &read(&estimates)?));
    }
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            collect(&entry.path(), since, rows)?;
        }
    }
    Ok(())
}

fn row(name: &str, estimates: &Value) -> Value {
    let field = |path: &str| estimates.pointer(path).cloned().unwrap_or_default();
    json!({
        "name": name,
        "ours": field("/median/point_estimate"),
        "theirs": null,
        "ratio": null,
        "low": field("/median/confidence_interval/lower_bound"),
        "high": field("/median/confidence_interval/upper_bound"),
        "budget": null,
        "unit": "ns",
    })
}

fn read(file: &Path) -> Result<Value> {
    let unreadable = |error: &dyn std::fmt::Display| Failure::new(format!("{}: {error}", file.display()));
    let text = fs::read_to_string(file).map_err(|error| unreadable(&error))?;
    serde_json::from_str(&text).map_err(|error| unreadable(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_this_run_are_read_and_older_ones_are_not() {
        let folder = std::env::temp_dir().join(format!("xtask-criterion-{}", std::process::id()));
        let new = folder.join("decode/short/new");
        fs::create_dir_all(&new).unwrap();
        let estimates = r#"{"median": {"point_estimate": 41.5,
                            "confidence_interval": {"lower_bound": 41.0, "upper_bound": 42.0}}}"#;
        fs::write(new.join("estimates.json"), estimates).unwrap();
        fs::write(new.join("benchmark.json"), r#"{"full_id": "decode/short"}"#).unwrap();
        let found = rows(&folder, SystemTime::UNIX_EPOCH).unwrap();
        let later = rows(&folder, SystemTime::now() + std::time::Duration::from_secs(60)).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(later, Vec::<Value>::new());
        assert_eq!(found.len(), 1);
        assert_eq!((string(&found[0], "name"), found[0]["ours"].as_f64()), ("decode/short", Some(41.5)));
    }
}
