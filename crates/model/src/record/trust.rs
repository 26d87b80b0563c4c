//! How far what is recorded is trusted.

/// How far a source of events is trusted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, prost::Enumeration)]
#[repr(i32)]
pub enum Trust {
    /// What it says has happened.
    Verified = 0,
    /// It is only taken at its word: what follows from it goes no further than step-up, and carries no risk.
    Asserted = 1,
}
