//! The one place where the rooms meet: an event gets its identity, a command is admitted, a record is stepped.
//!
//! - [`Engine::identify`]: an event -> the facts it makes known, and the observation with a name and a place.
//! - [`Engine::changes`]: an observation and what its event says of the inventory -> the facts of what that changes.
//! - [`Engine::admit`]: a command -> the facts it leads to, or a refusal.
//! - [`Engine::step`]: a record -> inspected against the state before it, folded in, and the facts that follow.
//! - [`derive()`]: what facts say -> the rows of the inventory, as exports; [`fill`] gives documents their texts.
//!
//! The engine reads no clock, opens no file and keeps nothing beside [`State`](doorward_views::state::State). Who
//! drives it (the writer) makes records durable between one call and the next. Start reading at [`Engine`].

pub mod admit;
mod change;
mod derive;
mod engine;
mod identify;
mod import;
mod opened;

pub use change::Changes;
pub use derive::{derive, derive_rows, fill};
pub use engine::{Arrival, Engine, Identified, Judge, Rules, follows};
