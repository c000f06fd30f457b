//! What can be given where a field is wanted, so that a call says `"bob"` and not `&"bob".to_owned()`.

use super::{Field, InvalidValue};

/// A value that is written as an `F`: an `F` itself, a reference to one, or what borrows from one.
///
/// Where a `String` is wanted, `&str` does; where a `Vec<u8>` is wanted, a slice or an array does.
///
/// # Example
///
/// ```
/// use redfleet_pipe::AsField;
///
/// fn stored(name: impl AsField<String>) -> Vec<u8> {
///     let mut out = Vec::new();
///     name.encode_as(&mut out).expect("text can always be written");
///     out
/// }
///
/// let bob = "bob".to_owned();
/// assert!(stored("bob") == stored(&bob) && stored(&bob) == stored(bob.clone()));
/// ```
#[diagnostic::on_unimplemented(message = "`{Self}` cannot be given for `{F}`", label = "not stored as `{F}`")]
pub trait AsField<F: Field> {
    /// Appends what an `F` of this value is written as.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] if the value has no form in Redis.
    fn encode_as(&self, out: &mut Vec<u8>) -> Result<(), InvalidValue>;
}

#[diagnostic::do_not_recommend]
impl<F: Field> AsField<F> for F {
    fn encode_as(&self, out: &mut Vec<u8>) -> Result<(), InvalidValue> {
        self.encode(out)
    }
}

#[diagnostic::do_not_recommend]
impl<F: Field> AsField<F> for &F {
    fn encode_as(&self, out: &mut Vec<u8>) -> Result<(), InvalidValue> {
        (*self).encode(out)
    }
}

#[diagnostic::do_not_recommend]
impl AsField<String> for &str {
    fn encode_as(&self, out: &mut Vec<u8>) -> Result<(), InvalidValue> {
        out.extend_from_slice(self.as_bytes());
        Ok(())
    }
}

/// The items of an iterator over `&[&str]`.
#[diagnostic::do_not_recommend]
impl AsField<String> for &&str {
    fn encode_as(&self, out: &mut Vec<u8>) -> Result<(), InvalidValue> {
        (**self).encode_as(out)
    }
}

#[diagnostic::do_not_recommend]
impl AsField<Vec<u8>> for &[u8] {
    fn encode_as(&self, out: &mut Vec<u8>) -> Result<(), InvalidValue> {
        out.extend_from_slice(self);
        Ok(())
    }
}

#[diagnostic::do_not_recommend]
impl<const N: usize> AsField<Vec<u8>> for [u8; N] {
    fn encode_as(&self, out: &mut Vec<u8>) -> Result<(), InvalidValue> {
        out.extend_from_slice(self);
        Ok(())
    }
}

#[diagnostic::do_not_recommend]
impl<const N: usize> AsField<Vec<u8>> for &[u8; N] {
    fn encode_as(&self, out: &mut Vec<u8>) -> Result<(), InvalidValue> {
        out.extend_from_slice(*self);
        Ok(())
    }
}
