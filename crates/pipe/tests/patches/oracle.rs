//! What a write of a record means, said once more and as plainly as it goes: a map, and no server.

use std::collections::BTreeMap;

use redfleet_pipe::Model;
use redfleet_pipe::model::Written;

pub(super) enum Step {
    Set(String),
    SetMissing(String),
    Remove,
    Increment(i64),
}

/// One write.
#[derive(Default)]
pub(super) struct Change {
    pub(super) steps: Vec<(&'static str, Step)>,
    pub(super) version: Option<u64>,
}

/// What is told of a write.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Told {
    /// Of a creation.
    pub(super) done: bool,
    pub(super) version: Option<u64>,
    pub(super) removed: usize,
    pub(super) count: Option<i64>,
}

/// The records of one model.
pub(super) struct Oracle {
    hashes: BTreeMap<String, BTreeMap<String, String>>,
    has_version: bool,
    required: Vec<&'static str>,
}

impl Told {
    pub(super) fn of(written: &Written, count: Option<i64>) -> Self {
        Self { done: false, version: written.version(), removed: written.removed(), count }
    }
}

impl Change {
    /// All of a record whose note is absent.
    pub(super) fn whole(text: &str, count: Option<i64>, version: Option<u64>, clears: bool) -> Self {
        let mut steps = vec![("text", Step::Set(text.to_owned()))];
        match count {
            Some(count) => steps.push(("count", Step::Set(count.to_string()))),
            None if clears => steps.push(("count", Step::Remove)),
            None => {}
        }
        if clears {
            steps.push(("note", Step::Remove));
        }
        Self { steps, version }
    }

    fn gives(&self, field: &str) -> bool {
        self.steps.iter().any(|(name, step)| *name == field && !matches!(step, Step::Remove))
    }
}

impl Oracle {
    pub(super) fn of<M: Model>() -> Self {
        let required = M::FIELDS.iter().filter(|field| field.is_required()).map(|field| field.name());
        Self { hashes: BTreeMap::new(), has_version: M::VERSION_NAME.is_some(), required: required.collect() }
    }

    pub(super) fn hash(&self, key: &str) -> BTreeMap<String, String> {
        self.hashes.get(key).cloned().unwrap_or_default()
    }

    pub(super) fn create(&mut self, key: &str, change: Change) -> Result<Told, &'static str> {
        let done = !self.hashes.contains_key(key);
        if done {
            self.change(key, &Change { version: None, ..change })?;
        }
        Ok(Told { done, ..Told::default() })
    }

    pub(super) fn corrupt(&mut self, key: &str) -> Result<Told, &'static str> {
        self.hashes.entry(key.to_owned()).or_default().insert("count".into(), "many".into());
        Ok(Told::default())
    }

    pub(super) fn delete(&mut self, key: &str) -> Result<Told, &'static str> {
        let removed = usize::from(self.hashes.remove(key).is_some());
        Ok(Told { removed, ..Told::default() })
    }

    /// All of the change, or nothing.
    pub(super) fn change(&mut self, key: &str, change: &Change) -> Result<Told, &'static str> {
        if change.steps.is_empty() {
            return Ok(Told::default());
        }
        let is_there = self.hashes.contains_key(key);
        let mut hash = self.hash(key);
        let gives = change.steps.iter().any(|(_, step)| !matches!(step, Step::Remove));
        if !is_there && gives && !self.required.iter().all(|field| change.gives(field)) {
            return Err("absent");
        }
        let version: u64 = hash.get("version").map_or(0, |version| version.parse().unwrap());
        if change.version.is_some_and(|expected| expected != version) {
            return Err("outdated");
        }
        if !is_there && !gives {
            return Ok(Told::default());
        }
        let mut told = Told::default();
        for (name, step) in &change.steps {
            let old = hash.get(*name).cloned();
            match step {
                Step::Set(value) => drop(hash.insert((*name).to_owned(), value.clone())),
                Step::SetMissing(value) => {
                    hash.entry((*name).to_owned()).or_insert_with(|| value.clone());
                }
                Step::Remove => told.removed += usize::from(hash.remove(*name).is_some()),
                Step::Increment(by) => {
                    let old: i64 = old.as_deref().unwrap_or("0").parse().map_err(|_| "refused")?;
                    let new = old.checked_add(*by).ok_or("refused")?;
                    told.count = Some(new);
                    hash.insert((*name).to_owned(), new.to_string());
                }
            }
        }
        if self.has_version {
            told.version = Some(version + 1);
            hash.insert("version".into(), (version + 1).to_string());
        }
        if hash.is_empty() {
            self.hashes.remove(key);
        } else {
            self.hashes.insert(key.to_owned(), hash);
        }
        Ok(told)
    }
}
