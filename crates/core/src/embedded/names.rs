//! Which node `embedded://NAME` names.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, Weak};

use super::Embedded;
use super::node::Node;
use crate::lock::lock;

/// The nodes that somebody holds. It keeps none alive.
static NODES: Mutex<BTreeMap<String, Weak<Node>>> = Mutex::new(BTreeMap::new());

/// The node with this name, which is made if nobody holds one.
pub(crate) fn named(name: &str) -> Embedded {
    let mut nodes = lock(&NODES);
    if let Some(node) = nodes.get(name).and_then(Weak::upgrade) {
        return Embedded { node };
    }
    nodes.retain(|_, node| node.strong_count() > 0);
    let made = Embedded::builder().name(name).build();
    nodes.insert(name.to_owned(), Arc::downgrade(&made.node));
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_node_as_long_as_somebody_holds_it() {
        let first = named("names::one");
        assert!(Arc::ptr_eq(&first.node, &named("names::one").node));
        assert!(!Arc::ptr_eq(&first.node, &named("names::two").node));
        let gone = Arc::downgrade(&first.node);
        drop(first);
        assert!(gone.upgrade().is_none());
    }
}
