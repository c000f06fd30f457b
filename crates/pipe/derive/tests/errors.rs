//! What the compiler says of a derive that cannot be, or of what a model does not allow.
//!
//! `TRYBUILD=overwrite cargo test -p redfleet-pipe-derive --test errors` writes the expected texts anew.

#[test]
fn every_mistake_is_told_where_it_was_made() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
