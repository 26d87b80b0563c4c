//! A name, scopes and randomness in; a token that is shown once, and the fact that it is valid, out.

use doorward_model::record::{TokenIssued, TokenSubject};
use doorward_model::time::Time;

use crate::scope::Scope;
use crate::text::{self, SECRET_BYTES, Secret};
use crate::verify::LOOPBACK;

/// A token that somebody asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewToken {
    /// What it is for; for an enforcement point its name.
    pub name: String,
    /// What it allows.
    pub scopes: Vec<Scope>,
    /// Who is to hold it, if it is to ask about nobody else.
    pub subject: Option<TokenSubject>,
    /// Who asks for it.
    pub by: String,
    /// When it ends; only a revocation ends it otherwise.
    pub expires_at: Option<Time>,
}

impl NewToken {
    /// How long a name may be.
    pub const NAME_BYTES_MAX: usize = 128;
    /// How many scopes a token may have.
    pub const SCOPES_MAX: usize = 32;
    /// How long the type and the id of a subject may be.
    pub const SUBJECT_BYTES_MAX: usize = 1024;
}

/// Why a token cannot be issued.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unissuable {
    /// It would have no name, or one that is too long or does not print.
    #[error("cannot issue a token without a printable name of at most {max} bytes", max = NewToken::NAME_BYTES_MAX)]
    Name,
    /// It would allow nothing, or too many things.
    #[error("cannot issue a token with {0} scopes, expected 1 to {max}", max = NewToken::SCOPES_MAX)]
    Scopes(usize),
    /// It would name a subject that is empty, too long or does not print.
    #[error("cannot issue a token for a subject without a printable type and id of at most {max} bytes", max = NewToken::SUBJECT_BYTES_MAX)]
    Subject,
    /// It would name a subject, and allow more than asking about it.
    #[error("cannot issue a token that names its subject with other scopes than decide")]
    SubjectScopes,
    /// The name stands for the callers that need no token.
    #[error(
        "cannot issue a token for the enforcement point {LOOPBACK:?}: that name stands for callers without one"
    )]
    Reserved,
    /// It would be over already.
    #[error("cannot issue a token that ends at {0}, which has passed")]
    Over(Time),
}

/// Makes a token from 32 bytes that nobody else knows or can guess.
///
/// # Errors
/// [`Unissuable`] says what is wrong with what is asked for.
pub fn issue(
    asked: NewToken,
    random: &[u8; SECRET_BYTES],
    now: Time,
) -> Result<(Secret, TokenIssued), Unissuable> {
    let NewToken { name, mut scopes, subject, by, expires_at } = asked;
    if !is_printable(&name, NewToken::NAME_BYTES_MAX) {
        return Err(Unissuable::Name);
    }
    scopes.sort();
    scopes.dedup();
    if scopes.is_empty() || scopes.len() > NewToken::SCOPES_MAX {
        return Err(Unissuable::Scopes(scopes.len()));
    }
    if let Some(TokenSubject { kind, id }) = &subject {
        if ![kind, id].iter().all(|text| is_printable(text, NewToken::SUBJECT_BYTES_MAX)) {
            return Err(Unissuable::Subject);
        }
        if scopes != [Scope::Decide] {
            return Err(Unissuable::SubjectScopes);
        }
    }
    if name == LOOPBACK && scopes.contains(&Scope::Decide) {
        return Err(Unissuable::Reserved);
    }
    if let Some(ends) = expires_at.filter(|ends| *ends <= now) {
        return Err(Unissuable::Over(ends));
    }
    let id = text::id_of(random);
    let secret = text::write(&id, random);
    let fact = TokenIssued {
        id,
        name,
        secret_hash: text::hash_of(random).to_vec(),
        scopes: scopes.iter().map(ToString::to_string).collect(),
        issued_at_ms: now.ms(),
        expires_at_ms: expires_at.map_or(0, Time::ms),
        by,
        // Whoever admits it says of which tenant it is.
        tenant: String::new(),
        subject,
    };
    Ok((secret, fact))
}

fn is_printable(text: &str, bytes_max: usize) -> bool {
    !text.trim().is_empty() && !text.chars().any(char::is_control) && text.len() <= bytes_max
}
