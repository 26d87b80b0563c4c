//! OpenID AuthZEN Authorization API 1.0: evaluation, evaluations, discovery.
//!
//! [`read`] turns a body into typed, borrowed questions; [`ask`] puts one to the policies; [`write`] renders. From
//! loading the world to the rendered bytes nothing waits, locks or reads a clock.

pub(crate) mod ask;
pub(crate) mod discovery;
pub(crate) mod json;
pub(crate) mod known;
pub(crate) mod read;
pub(crate) mod routes;
pub(crate) mod write;
