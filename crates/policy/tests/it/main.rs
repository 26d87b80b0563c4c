//! Tests of the policy crate at its boundary.

#[cfg(test)]
mod certification;
#[cfg(test)]
mod decide;
#[cfg(test)]
mod entities;
#[cfg(test)]
mod explain;
#[cfg(test)]
mod load;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod order;
#[cfg(test)]
mod pending;
#[cfg(test)]
mod reload;
#[cfg(test)]
mod shared_authzen;
#[cfg(test)]
mod shared_cedar;
#[cfg(test)]
mod support;
