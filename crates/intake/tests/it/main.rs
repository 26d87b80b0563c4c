//! Intake from the outside: bytes in, items out.

#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod changes;
#[cfg(test)]
mod cloudtrail;
#[cfg(test)]
mod containers;
#[cfg(test)]
mod export;
#[cfg(test)]
mod inventory;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod redaction;
#[cfg(test)]
mod rows;
#[cfg(test)]
mod shared_inventory;
#[cfg(test)]
mod shared_sets;
#[cfg(test)]
mod support;
