//! Tests of the server at its boundary: real sockets on loopback, a real fold behind them.

#[cfg(test)]
mod admin;
#[cfg(test)]
mod authzen;
#[cfg(test)]
mod authzen_batch;
#[cfg(test)]
mod doors;
#[cfg(test)]
mod heads;
#[cfg(test)]
mod ingest;
#[cfg(test)]
mod itself;
mod kills;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod looking;
#[cfg(test)]
mod openapi;
#[cfg(test)]
mod policies_page;
#[cfg(test)]
mod privilege;
#[cfg(test)]
mod rejects;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod shared_authzen;
#[cfg(test)]
mod support;
#[cfg(test)]
mod versions;
#[cfg(test)]
mod writer;
