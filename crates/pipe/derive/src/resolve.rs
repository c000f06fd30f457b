//! The code of a derived `Resolve`: each field resolved into the field of the same name.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{DeriveInput, Error, Path, Result};

use crate::model::named;

/// All of it.
pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let fields = named(input, "Resolve")?.named.iter().map(|field| &field.ident);
    let (ident, into) = (&input.ident, into(input)?);
    Ok(quote! {
        #[automatically_derived]
        impl ::redfleet_pipe::Resolve for #ident {
            type Output = #into;

            fn resolve(self) -> ::redfleet_pipe::Result<#into> {
                ::core::result::Result::Ok(#into {
                    #(#fields: ::redfleet_pipe::Resolve::resolve(self.#fields)?),*
                })
            }
        }
    })
}

/// The struct of values.
fn into(input: &DeriveInput) -> Result<Path> {
    let mut into = None;
    for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("resolve")) {
        attribute.parse_nested_meta(|meta| {
            if !meta.path.is_ident("into") {
                return Err(meta.error("unknown option: there is into"));
            }
            into = Some(meta.value()?.parse()?);
            Ok(())
        })?;
    }
    let text = "say what it becomes: `#[resolve(into = Page)]`, a struct with fields of the same names";
    into.ok_or_else(|| Error::new(input.ident.span(), text))
}
