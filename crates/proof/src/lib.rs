//! A presented credential, the table of those that were issued, and an instant in; a verified caller out.
//!
//! - [`mod@issue`]: a name, scopes and 32 random bytes -> a token that is shown once, and the fact that it is valid.
//! - [`mod@verify`]: the text of a token, [`Tokens`] and now -> [`Verified`], or why not.
//! - [`Verified`] opens into an [`Asker`] (a [`Pep`], or a [`Subject`] that asks about itself), an [`Operator`] or an
//!   [`Ingester`]: values that can be made only here, so that who holds one has been verified, for the scope that the
//!   value stands for.
//! - [`head`]: the end of a log and a [`Signer`] -> a signed head that anybody can verify by the public key.
//!
//! Secrets are kept as their hash only, compared in constant time, wiped when dropped, and never printed. Nothing
//! here reads a clock, a file or a random number: now and randomness are arguments. Start reading at [`mod@verify`].

pub mod head;
pub mod issue;
mod scope;
mod text;
mod tokens;
pub mod verify;

pub use crate::head::{Ed25519, HeadFault, LogEnd, PublicKey, Signer, Unsigned, sign_head, verify_head};
pub use crate::issue::{NewToken, Unissuable, issue};
pub use crate::scope::{Scope, ScopeError};
pub use crate::text::{Secret, holds_token};
pub use crate::tokens::Tokens;
pub use crate::verify::{
    Asker, Ingester, LOOPBACK, Missing, Operator, Pep, Refused, Subject, Verified, loopback_pep, verify,
};
