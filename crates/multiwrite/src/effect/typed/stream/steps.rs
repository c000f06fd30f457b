//! The commands that make a stream.

use redis::{Cmd, cmd};

use super::super::PAGE;
use super::groups::{Group, Pending};
use super::{Stream, text};
use crate::effect::Key;

impl Stream {
    /// Adds the steps that make it where there is none.
    pub(super) fn put(&self, key: &Key, steps: &mut Vec<Cmd>) {
        let has_ghosts = self.put_ghosts(key, steps);
        for (id, words) in &self.entries {
            let mut add = cmd("XADD");
            add.arg(&**key).arg(text(*id));
            words.iter().for_each(|word| {
                add.arg(&**word);
            });
            steps.push(add);
        }
        if self.entries.is_empty() && !has_ghosts {
            // A group that goes again leaves the empty stream that was made for it.
            steps.push(of_group("CREATE", key, b"copy").arg(0).arg("MKSTREAM").take());
            steps.push(of_group("DESTROY", key, b"copy"));
        }
        let mut set_id = cmd("XSETID");
        set_id.arg(&**key).arg(text(self.last)).arg("ENTRIESADDED").arg(self.added);
        steps.push(set_id.arg("MAXDELETEDID").arg(text(self.max_deleted)).take());
        self.groups.iter().for_each(|group| self.put_group(key, group, steps));
    }

    /// What is pending may be gone from the stream, but only what is there can be claimed. So it is there for a while, and is then
    /// trimmed away, which leaves no trace; to delete it would be remembered.
    fn put_ghosts(&self, key: &Key, steps: &mut Vec<Cmd>) -> bool {
        let mut ids: Vec<_> =
            self.groups.iter().flat_map(|group| self.ghosts(group)).map(|ghost| ghost.id).collect();
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() {
            return false;
        }
        steps.extend(ids.iter().map(|id| cmd("XADD").arg(&**key).arg(text(*id)).arg("").arg("").take()));
        for group in &self.groups {
            let ghosts: Vec<_> = self.ghosts(group).collect();
            if !ghosts.is_empty() {
                steps.push(of_group("CREATE", key, &group.name).arg(0).take());
                claim(key, group, &ghosts, steps);
            }
        }
        steps.push(cmd("XTRIM").arg(&**key).arg("MAXLEN").arg("=").arg(0).take());
        // What comes now may have ids before theirs.
        steps.push(cmd("XSETID").arg(&**key).arg("0-0").take());
        true
    }

    /// What is pending in the group and no longer there.
    fn ghosts<'a>(&'a self, group: &'a Group) -> impl Iterator<Item = &'a Pending> {
        group.pending.iter().filter(|pending| !self.entries.contains_key(&pending.id))
    }

    fn put_group(&self, key: &Key, group: &Group, steps: &mut Vec<Cmd>) {
        let is_there = self.ghosts(group).next().is_some();
        let mut make = of_group(if is_there { "SETID" } else { "CREATE" }, key, &group.name);
        make.arg(text(group.last));
        if let Some(read) = group.read {
            make.arg("ENTRIESREAD").arg(read);
        }
        steps.push(make);
        for consumer in &group.consumers {
            steps.push(of_group("CREATECONSUMER", key, &group.name).arg(&**consumer).take());
        }
        let pending = group.pending.iter().filter(|pending| self.entries.contains_key(&pending.id));
        claim(key, group, &pending.collect::<Vec<_>>(), steps);
    }
}

fn of_group(name: &str, key: &Key, group: &[u8]) -> Cmd {
    cmd("XGROUP").arg(name).arg(&**key).arg(group).take()
}

/// Adds the steps by which this is pending in the group.
fn claim(key: &Key, group: &Group, pending: &[&Pending], steps: &mut Vec<Cmd>) {
    let alike = pending.chunk_by(|one, next| one.delivered == next.delivered);
    for alike in alike.flat_map(|alike| alike.chunks(PAGE)) {
        let Some(delivered) = alike.first().map(|one| &one.delivered) else { continue };
        let mut claim = cmd("XCLAIM");
        claim.arg(&**key).arg(&*group.name).arg(&*delivered.consumer).arg(0);
        alike.iter().for_each(|one| {
            claim.arg(text(one.id));
        });
        claim.arg("TIME").arg(delivered.unix_ms).arg("RETRYCOUNT").arg(delivered.times);
        steps.push(claim.arg("FORCE").arg("JUSTID").take());
    }
}
