//! Reads issuers from YAML: as a whole, or not at all.

use std::collections::BTreeSet;

use super::{Claim, Issuer, Issuers};

/// Why issuers cannot be read, and where that has to be mended.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{file}: {what}")]
pub struct IssuerError {
    /// The name of the file.
    pub file: String,
    /// What is wrong, and what would be right.
    pub what: String,
}

const FILE: &str = "rules/aws/federation/issuers.yaml";

impl Issuers {
    /// The issuers that are part of the program.
    ///
    /// # Errors
    ///
    /// As [`Self::read`]; a test reads them, so a released program has none.
    pub fn shipped() -> Result<Self, IssuerError> {
        Self::read(FILE, include_str!("../../../../rules/aws/federation/issuers.yaml"))
    }

    /// Reads a file, with its name.
    ///
    /// # Errors
    ///
    /// At the first thing that is not understood, that contradicts itself, or that is there twice.
    pub fn read(file: &str, text: &str) -> Result<Self, IssuerError> {
        let failed = |what| IssuerError { file: file.to_owned(), what };
        let issuers: Vec<Issuer> = yaml_serde::from_str(text).map_err(|error| failed(error.to_string()))?;
        let mut seen = BTreeSet::new();
        for issuer in &issuers {
            let told = |what: String| failed(format!("issuer {}: {what}", issuer.issuer.text()));
            check(issuer).map_err(told)?;
            if !seen.insert(issuer.issuer.text()) {
                return Err(told("stands there already; put both into one row".to_owned()));
            }
        }
        Ok(Self(issuers))
    }
}

/// That an issuer does not contradict itself; if it does, how.
fn check(issuer: &Issuer) -> Result<(), String> {
    for (field, text) in [("name", &issuer.name), ("title", &issuer.title), ("source", &issuer.source)] {
        if text.trim().is_empty() {
            return Err(format!("`{field}` is empty; every issuer has one"));
        }
    }
    if issuer.claims.is_empty() || issuer.permissions.is_empty() {
        return Err("`claims` or `permissions` is empty; say what its tokens tell".to_owned());
    }
    let known: BTreeSet<&str> =
        issuer.claims.iter().flat_map(|claim| &claim.forms).flat_map(|form| form.parts()).collect();
    if let Some(strange) = issuer.tenant.iter().find(|part| !known.contains(&***part)) {
        return Err(format!("`{strange}` of `tenant` is a part of no form"));
    }
    if !issuer.shared && (!issuer.tenant.is_empty() || issuer.written_freely) {
        return Err("only an issuer that is shared has `tenant` or `written_freely`".to_owned());
    }
    let twice = |at: usize, claim: &Claim| issuer.claims.iter().take(at).any(|other| other.key == claim.key);
    for (at, claim) in issuer.claims.iter().enumerate() {
        if twice(at, claim) {
            return Err(format!("claim `{}` stands there already; put both into one", claim.key));
        }
        if claim.chosen && (claim.one || claim.short.is_some() || !claim.forms.is_empty()) {
            return Err(format!("claim `{}` is chosen by whoever asks, and names nobody", claim.key));
        }
    }
    Ok(())
}
