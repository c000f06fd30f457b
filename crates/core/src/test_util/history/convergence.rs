//! Convergence: after the faults have ended, all nodes have the same.

use std::fmt::Debug;

use super::Violation;

/// Whether all views are equal.
///
/// # Errors
///
/// A violation that shows every view, if they are not.
///
/// # Example
///
/// ```
/// use redfleet_core::test_util::history::converged;
///
/// assert!(converged([("n0", 7), ("n1", 7)]).is_ok());
/// let violation = converged([("n0", 7), ("n1", 7), ("n2", 8)]).unwrap_err();
/// assert_eq!(violation.to_string(), "broken: all have the same in the end\n  n0, n1: 7\n  n2: 8");
/// ```
pub fn converged<N, V>(views: impl IntoIterator<Item = (N, V)>) -> Result<(), Violation>
where
    N: AsRef<str>,
    V: PartialEq + Debug,
{
    let mut groups: Vec<(V, Vec<N>)> = Vec::new();
    for (name, view) in views {
        match groups.iter_mut().find(|(other, _)| *other == view) {
            Some((_, names)) => names.push(name),
            None => groups.push((view, vec![name])),
        }
    }
    let evidence = || {
        let line = |(view, names): &(V, Vec<N>)| {
            let names: Vec<_> = names.iter().map(AsRef::as_ref).collect();
            format!("{}: {view:?}", names.join(", "))
        };
        groups.iter().map(line).collect::<Vec<_>>().join("\n")
    };
    Violation::unless(groups.len() <= 1, "all have the same in the end", evidence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_view_and_none_are_converged() {
        assert!(converged::<&str, u8>([]).is_ok());
        assert!(converged([("n0", "a")]).is_ok());
    }
}
