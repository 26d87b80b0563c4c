//! A caller, an action, a resource, a context, a world and an instant in; a decision that names its reasons out.
//!
//! Two layers. [`evaluate()`] says what plain Cedar says over the same policies and entities, in decision, reasons and
//! errors, but looks only at the policies whose scope the request meets and builds only what those read. [`decide()`]
//! adds what Cedar knows nothing of: kill epochs, credentials, holds, risk, obligations, modes; and it refuses where
//! Cedar would skip a policy that errs.
//!
//! Nothing here reads a clock, a file or a random number, waits, locks or remembers a decision. `cedar_policy_core`,
//! which promises no stable interface, is imported by `cedar` only. Start reading at [`world`], then [`mod@decide`].

mod actions;
mod cedar;
mod context;
pub mod decide;
pub mod entities;
pub mod evaluate;
mod hold;
mod index;
pub mod policy_set;
mod reading;
mod slice;
mod vocabulary;
pub mod world;

pub use context::Properties;
pub use decide::{decide, explain};
pub use evaluate::evaluate;
