//! Annotations that mean nothing where they stand, and look as if they should: left alone they would silently ask for
//! nothing.

use std::fmt;

use crate::policy_set::PolicySet;

/// An annotation that means nothing where it stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stray {
    /// The policy, or the action of the schema, that it stands at.
    pub at: String,
    /// Its name.
    pub name: String,
    /// What was meant, as far as can be told.
    pub meant: Meant,
}

/// What was meant by an annotation that means nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Meant {
    /// That one, which is spelt almost so.
    Almost(&'static str, Place),
    /// The same, but it belongs elsewhere.
    Elsewhere(Place),
}

/// Where annotations may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// At a policy.
    Policy,
    /// At an action of the schema.
    Action,
}

impl Place {
    /// The annotations that mean something there. To those of a policy comes whatever begins with `obligation_`.
    #[must_use]
    pub const fn known(self) -> &'static [&'static str] {
        match self {
            Self::Policy => &["id", "step_up", "max_age", "obligation"],
            Self::Action => &["class", "risk_max"],
        }
    }

    const fn other(self) -> Self {
        match self {
            Self::Policy => Self::Action,
            Self::Action => Self::Policy,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Policy => "a policy",
            Self::Action => "an action of the schema",
        })
    }
}

impl fmt::Display for Stray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.meant {
            Meant::Almost(meant, place) => write!(
                f,
                "@{} means nothing: did you mean @{meant}? At {place} these do: @{}",
                self.name,
                place.known().join(", @")
            ),
            Meant::Elsewhere(place) => write!(f, "@{} means something at {place} only", self.name),
        }
    }
}

impl Stray {
    /// The annotation, if it is one.
    pub(crate) fn of(place: Place, at: &str, name: &str) -> Option<Self> {
        let known = place.known();
        if known.contains(&name) {
            return None;
        }
        let close = known.iter().find(|known| is_almost(name, known));
        let meant = match close {
            Some(known) => Meant::Almost(known, place),
            None if place.other().known().contains(&name) => Meant::Elsewhere(place.other()),
            None => return None,
        };
        Some(Self { at: at.to_owned(), name: name.to_owned(), meant })
    }
}

impl PolicySet {
    /// The annotations of policies and actions that mean nothing where they stand, and look as if they should.
    #[must_use]
    pub fn strays(&self) -> Vec<Stray> {
        let own = self.stable.policies().filter(|policy| policy.is_static());
        let own = own.flat_map(|policy| policy.annotations().map(|(name, _)| (policy.id(), name)));
        let templates = self.stable.templates();
        let templates =
            templates.flat_map(|template| template.annotations().map(|(name, _)| (template.id(), name)));
        let of_policies =
            own.chain(templates).filter_map(|(id, name)| Stray::of(Place::Policy, id.as_ref(), name));
        let mut strays: Vec<_> = of_policies.chain(self.actions.strays.iter().cloned()).collect();
        strays.sort();
        strays
    }
}

/// Whether one name is another with a slip or two, the case aside. The shorter the name, the fewer make it another.
fn is_almost(name: &str, known: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.len().abs_diff(known.len()) <= SLIPS_MAX && slips(&name, known) <= SLIPS_MAX.min(known.len() / 4)
}

/// How many letters must be put in, taken out or changed to make one text of the other.
fn slips(one: &str, other: &str) -> usize {
    let mut before: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.bytes().enumerate() {
        let mut now = vec![at + 1];
        for ((same, out), wanted) in before.iter().zip(before.iter().skip(1)).zip(other.bytes()) {
            let put_in = now.last().copied().unwrap_or_default() + 1;
            now.push(put_in.min(out + 1).min(same + usize::from(letter != wanted)));
        }
        before = now;
    }
    before.last().copied().unwrap_or_default()
}

/// With more slips it is another name.
const SLIPS_MAX: usize = 2;

#[cfg(test)]
mod tests {
    use super::{Place, Stray};

    #[test]
    fn a_slip_or_two_is_a_slip_and_another_name_is_another() {
        let told = |place, name| Stray::of(place, "p", name).map(|stray| stray.to_string());
        let known = "At a policy these do: @id, @step_up, @max_age, @obligation";
        let almost =
            |name: &str, meant: &str| Some(format!("@{name} means nothing: did you mean @{meant}? {known}"));
        for (name, meant) in [
            ("obligaton", "obligation"),
            ("Obligations", "obligation"),
            ("stepup", "step_up"),
            ("step_Up", "step_up"),
            ("maxage", "max_age"),
            ("ID", "id"),
        ] {
            assert_eq!(told(Place::Policy, name), almost(name, meant));
        }
        let elsewhere = Some("@risk_max means something at an action of the schema only".to_owned());
        assert_eq!(told(Place::Policy, "risk_max"), elsewhere);
        let close = "@risk_mx means nothing: did you mean @risk_max? At an action of the schema these do: @class, @risk_max";
        assert_eq!(told(Place::Action, "risk_mx"), Some(close.to_owned()));
        for name in ["id", "ip", "owner", "team", "obligation", "obligation_url", "description", "stage", ""]
        {
            assert_eq!(told(Place::Policy, name), None, "{name}");
        }
    }
}
