//! What the room promises, at its boundary.

mod escalation;
mod estate;
mod support;
