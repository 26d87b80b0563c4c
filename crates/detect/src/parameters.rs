//! The numbers that detection rests on, in one place, so that each can be varied and its worth measured.

use doorward_model::event::ActionClass;
use doorward_model::time::Millis;

/// What decides how surprising an event is, and from when surprise is worth a finding. The default is what ships;
/// `docs/detection.md` shows what each number is worth.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Parameters {
    /// How many events of its own the opinion of the peers is worth to an identity.
    pub peer_events: u32,
    /// How many members of a peer group the opinion of the tenant is worth.
    pub tenant_members: u32,
    /// With fewer peers than this, "none of its peers" says nothing.
    pub peers_min: u32,
    /// A value is normal after so many distinct days, and an identity is known after as many.
    pub normal_days: u8,
    /// How much of the surprise counts while the identity itself is not known yet, in per cent.
    pub newcomer_percent: u32,
    /// Less than this is not worth a line of evidence, in thousandths of a bit.
    pub bits_min_milli: u32,
    /// No single value is more surprising than this, in thousandths of a bit.
    pub bits_max_milli: u32,
    /// What the consequence of an action makes of its surprise.
    pub weights: Weights,
    /// The weighted surprise under which nothing is raised, in thousandths of a bit.
    pub floor_milli: u64,
    /// For so many days after the first event the days of identities do not count for the threshold: at first
    /// everything is new.
    pub warm_up_days: u32,
    /// In how many minutes half of the gathered surprise leaks away; 0 for never.
    pub leak_minutes: u32,
    /// By how much a finding has to grow to be told again, in per cent.
    pub growth_percent: u32,
    /// An identity with more networks than this has no home that a key could leave.
    pub home_networks_max: u32,
    /// A network that so many identities of the tenant have used is the tenant's own: an egress, a pool of gateways.
    pub shared_network_min: u32,
    /// Within what time a key has to come back from another network to have two holders.
    pub two_networks_within: Millis,
}

/// How much a bit of surprise counts, in quarters, by what the action could do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Weights {
    /// Reading and listing.
    pub look: u32,
    /// Writing, and what is not known.
    pub change: u32,
    /// Reading data, and running something.
    pub reach: u32,
    /// Making permissions and credentials.
    pub grant: u32,
    /// How much of that counts when more targets than ever are reached within minutes, in per cent.
    pub breadth_percent: u32,
    /// Days on which a machine did what neither it nor its peers do.
    pub drift: u32,
    /// How much of that a new network or client counts, in per cent.
    pub place_percent: u32,
    /// What it counts at least.
    pub place_min: u32,
    /// What it counts for people, who move about and change their tools.
    pub person_place: u32,
}

impl Default for Parameters {
    fn default() -> Self {
        Self {
            peer_events: 20,
            tenant_members: 2,
            peers_min: 5,
            normal_days: 3,
            newcomer_percent: 50,
            bits_min_milli: 2_000,
            bits_max_milli: 12_000,
            weights: Weights::default(),
            floor_milli: 24_000,
            warm_up_days: 7,
            leak_minutes: 12 * 60,
            growth_percent: 25,
            home_networks_max: 3,
            shared_network_min: 3,
            two_networks_within: Millis::HOUR,
        }
    }
}

impl Default for Weights {
    fn default() -> Self {
        Self {
            look: 1,
            change: 4,
            reach: 8,
            grant: 12,
            breadth_percent: 100,
            drift: 16,
            place_percent: 50,
            place_min: 2,
            person_place: 1,
        }
    }
}

impl Weights {
    /// How much a bit counts, in quarters.
    #[must_use]
    pub fn of(&self, class: ActionClass) -> u32 {
        match class {
            ActionClass::Read | ActionClass::List => self.look,
            ActionClass::Unknown | ActionClass::Write => self.change,
            ActionClass::Data | ActionClass::Execute => self.reach,
            ActionClass::Permissions | ActionClass::Credential => self.grant,
        }
    }
}
