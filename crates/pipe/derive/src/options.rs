//! What stands in `#[model(..)]` above the struct and above its fields.

use syn::meta::ParseNestedMeta;
use syn::{Attribute, Error, Expr, Ident, LitInt, LitStr, Result};

/// Above the struct.
#[derive(Default)]
pub(crate) struct ModelOptions {
    pub(crate) keyspace: Option<LitStr>,
    pub(crate) connection: Option<LitStr>,
    pub(crate) ttl_ms: Option<LitInt>,
}

impl ModelOptions {
    pub(crate) fn parse(attributes: &[Attribute]) -> Result<Self> {
        let mut options = Self::default();
        read(attributes, "keyspace, connection, ttl_ms", |name, meta| {
            match name {
                "keyspace" => put(&mut options.keyspace, meta.value()?.parse()?, meta)?,
                "connection" => put(&mut options.connection, meta.value()?.parse()?, meta)?,
                "ttl_ms" => put(&mut options.ttl_ms, meta.value()?.parse()?, meta)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        if let Some(ttl_ms) = &options.ttl_ms
            && ttl_ms.base10_parse::<u32>()? == 0
        {
            return Err(Error::new(ttl_ms.span(), "a ttl is at least 1 ms"));
        }
        Ok(options)
    }
}

/// Above a field.
#[derive(Default)]
pub(crate) struct FieldOptions {
    pub(crate) key: Option<Ident>,
    pub(crate) version: Option<Ident>,
    pub(crate) extra: Option<Ident>,
    pub(crate) default: Option<DefaultValue>,
    pub(crate) name: Option<LitStr>,
}

/// What a field is when nothing is stored.
pub(crate) struct DefaultValue {
    pub(crate) word: Ident,
    /// `None`: what its type's `Default` says.
    pub(crate) value: Option<Expr>,
}

impl FieldOptions {
    pub(crate) fn parse(attributes: &[Attribute]) -> Result<Self> {
        let mut options = Self::default();
        read(attributes, "key, version, extra, default, name", |name, meta| {
            let word = || meta.path.require_ident().cloned();
            match name {
                "key" => put(&mut options.key, word()?, meta)?,
                "version" => put(&mut options.version, word()?, meta)?,
                "extra" => put(&mut options.extra, word()?, meta)?,
                "name" => put(&mut options.name, meta.value()?.parse()?, meta)?,
                "default" => {
                    let value = meta.value().ok().map(syn::parse::ParseBuffer::parse).transpose()?;
                    put(&mut options.default, DefaultValue { word: word()?, value }, meta)?;
                }
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(options)
    }
}

/// Reads every option of every `#[model(..)]`; `take` says whether it knows the option.
fn read(
    attributes: &[Attribute],
    known: &str,
    mut take: impl FnMut(&str, &ParseNestedMeta<'_>) -> Result<bool>,
) -> Result<()> {
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("model")) {
        attribute.parse_nested_meta(|meta| {
            let name = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
            if take(&name, &meta)? {
                Ok(())
            } else {
                Err(meta.error(format!("unknown option: there are {known}")))
            }
        })?;
    }
    Ok(())
}

fn put<T>(option: &mut Option<T>, value: T, meta: &ParseNestedMeta<'_>) -> Result<()> {
    if option.replace(value).is_some() { Err(meta.error("said twice")) } else { Ok(()) }
}
