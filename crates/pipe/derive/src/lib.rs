//! The derive macros of `redfleet-pipe`. That crate re-exports them under its feature `derive`, beside the traits they
//! implement, and documents them there.

mod expand;
mod field;
mod model;
mod options;
mod resolve;

use proc_macro::TokenStream;
use syn::{DeriveInput, Error, parse_macro_input};

/// Makes a struct with named fields a record that is stored as a hash: see `redfleet_pipe::Model`.
///
/// It implements the trait, and adds one constant a field, called as the field is in capitals, by which the field is
/// named in partial loads and patches. The constant is as visible as the field.
#[proc_macro_derive(Model, attributes(model))]
pub fn derive_model(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    let expanded = model::Model::parse(&input).map(|model| expand::model(&model));
    expanded.unwrap_or_else(Error::into_compile_error).into()
}

/// Makes a struct of deferreds resolve into a struct of values: see `redfleet_pipe::Resolve`.
///
/// `#[resolve(into = Page)]` names the struct of values, whose fields are called the same.
#[proc_macro_derive(Resolve, attributes(resolve))]
pub fn derive_resolve(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    resolve::expand(&input).unwrap_or_else(Error::into_compile_error).into()
}
