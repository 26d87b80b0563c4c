//! How much an inventory makes possible, in numbers.

/// How much the inventory made possible as of a fact: one point of a trend.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, prost::Message)]
pub struct PrivilegeMeasured {
    /// When it was measured, milliseconds since the epoch.
    #[prost(int64, tag = "1")]
    pub at_ms: i64,
    /// The last fact of the inventory that it takes in.
    #[prost(uint64, tag = "2")]
    pub as_of_fact: u64,
    /// How many users and roles there are, but those that only a service uses.
    #[prost(uint64, tag = "3")]
    pub identities: u64,
    /// How many of them administer their account by their own policies.
    #[prost(uint64, tag = "4")]
    pub administrators: u64,
    /// How many others can come to administer an account.
    #[prost(uint64, tag = "5")]
    pub escalating: u64,
    /// How many more could, were something there that is not.
    #[prost(uint64, tag = "6")]
    pub latent: u64,
    /// How many have a way to what matters most.
    #[prost(uint64, tag = "7")]
    pub toward_top: u64,
    /// How many policies are unknown, because they are missing or cannot be read.
    #[prost(uint64, tag = "8")]
    pub unknown_policies: u64,
    /// The blast radii of all identities together, in thousandths of a percent.
    #[prost(uint64, tag = "9")]
    pub blast_millipercent: u64,
    /// How many doors are open to somebody outside: a role or resource, and who is let into it.
    #[prost(uint64, tag = "10")]
    pub entrances: u64,
    /// Whether it was measured because an export had been taken in.
    #[prost(bool, tag = "11")]
    pub after_import: bool,
}
