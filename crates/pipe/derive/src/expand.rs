//! The code of a derived model: its fields, listed; what is done with them stands in `redfleet_pipe`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;

use crate::field::{Field, Role};
use crate::model::Model;

/// All of it.
pub(crate) fn model(model: &Model<'_>) -> TokenStream {
    let ident = model.ident;
    let keyspace = model.keyspace();
    let connection = option(model.options.connection.as_ref());
    let ttl_ms = option(model.options.ttl_ms.as_ref());
    let stored = || model.fields.iter().filter(|field| field.is_stored());
    let constants = stored().map(|field| constant(field, &keyspace));
    let declared = stored().map(|field| {
        let constant = field.constant();
        quote!(#ident::#constant.declared())
    });
    let version = version(model);
    let Some(key) = model.key() else { return TokenStream::new() };
    let (key_ident, key_type, key_name) = (key.ident, key.stored, &key.name);
    let writes = model.fields.iter().filter_map(|field| write(field, model));
    let reads = reads(model);
    quote! {
        impl #ident {
            #(#constants)*
        }

        #[automatically_derived]
        impl ::redfleet_pipe::Model for #ident {
            type Key = #key_type;
            const KEYSPACE: &'static str = #keyspace;
            const CONNECTION: ::core::option::Option<&'static str> = #connection;
            const TTL_MS: ::core::option::Option<u32> = #ttl_ms;
            const KEY_NAME: &'static str = #key_name;
            const FIELDS: &'static [::redfleet_pipe::model::Declared] = &[#(#declared),*];

            fn key(&self) -> &Self::Key {
                &self.#key_ident
            }

            #version

            fn write(
                &self,
                columns: &mut ::redfleet_pipe::model::Columns,
            ) -> ::core::result::Result<(), ::redfleet_pipe::InvalidValue> {
                #(#writes)*
                ::core::result::Result::Ok(())
            }

            fn read(
                key: Self::Key,
                row: &mut ::redfleet_pipe::model::Row,
            ) -> ::core::result::Result<Self, ::redfleet_pipe::InvalidValue> {
                ::core::result::Result::Ok(Self { #key_ident: key, #(#reads),* })
            }
        }
    }
}

fn option(value: Option<&impl quote::ToTokens>) -> TokenStream {
    match value {
        Some(value) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    }
}

/// By which the field is named in partial loads and patches.
fn constant(field: &Field<'_>, keyspace: &str) -> TokenStream {
    let (name, visibility, stored) = (&field.name, field.visibility, field.stored);
    let (constant, place) = (field.constant(), format!("{keyspace}.{name}"));
    let kind = match field.role {
        Role::Required => quote!(Required),
        Role::Version => quote!(Managed),
        Role::Optional | Role::Default(_) | Role::Key | Role::Extra => quote!(Optional),
    };
    let doc = format!("The field `{name}`.");
    quote_spanned! { stored.span() =>
        #[doc = #doc]
        #visibility const #constant: ::redfleet_pipe::model::Attribute<Self, #stored, ::redfleet_pipe::model::#kind> =
            ::redfleet_pipe::model::Attribute::new(#name, #place);
    }
}

fn version(model: &Model<'_>) -> TokenStream {
    let field = model.with_role(|role| matches!(role, Role::Version)).next();
    let (name, value) = match field {
        Some(Field { ident, name, .. }) => (option(Some(name)), option(Some(&quote!(self.#ident)))),
        None => (option(None::<&String>), option(None::<&String>)),
    };
    quote! {
        const VERSION_NAME: ::core::option::Option<&'static str> = #name;

        fn version(&self) -> ::core::option::Option<u64> {
            #value
        }
    }
}

/// Hands one field over to be stored. The version is not: the write counts it.
fn write(field: &Field<'_>, model: &Model<'_>) -> Option<TokenStream> {
    let (ident, constant, model) = (field.ident, field.constant(), model.ident);
    Some(match field.role {
        Role::Key | Role::Version => return None,
        Role::Extra => quote!(columns.extra::<#model, _, _>(&self.#ident)?;),
        Role::Required | Role::Default(_) => quote!(columns.put(#model::#constant, &self.#ident)?;),
        Role::Optional => quote!(columns.put_option(#model::#constant, self.#ident.as_ref())?;),
    })
}

/// Makes each field from what is stored; what takes all the rest comes last.
fn reads(model: &Model<'_>) -> Vec<TokenStream> {
    let mut reads = Vec::new();
    let mut rest = None;
    for field in &model.fields {
        let (ident, constant, model) = (field.ident, field.constant(), model.ident);
        reads.push(match &field.role {
            Role::Key => continue,
            Role::Extra => {
                rest = Some(quote!(#ident: row.extra::<#model, _, _>()?));
                continue;
            }
            Role::Required => quote!(#ident: row.required(#model::#constant)?),
            Role::Optional => quote!(#ident: row.take(#model::#constant)?),
            Role::Version | Role::Default(None) => {
                quote!(#ident: row.take(#model::#constant)?.unwrap_or_default())
            }
            Role::Default(Some(value)) => {
                quote!(#ident: row.take(#model::#constant)?.unwrap_or_else(|| #value))
            }
        });
    }
    reads.extend(rest);
    reads
}
