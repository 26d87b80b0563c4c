//! How much an inventory makes possible, in numbers: one point of a trend.

use doorward_model::inventory::measure::PrivilegeMeasured;

use crate::analysis::entrances;
use crate::answers;
use crate::atlas::Atlas;
use crate::news::Standing;

/// The numbers of an atlas. When it was measured, and as of which fact, is the caller's to say.
#[must_use]
pub fn measure(atlas: &Atlas) -> PrivilegeMeasured {
    let standing = Standing::of(atlas);
    let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let radius = |id: crate::estate::PrincipalId| {
        u64::from(atlas.rating.radius(atlas.analysis.principal(id)).millipercent())
    };
    PrivilegeMeasured {
        identities: count(standing.identities()),
        administrators: count(standing.administrators()),
        escalating: count(standing.escalating()),
        latent: count(standing.latent()),
        toward_top: count(standing.toward_top()),
        unknown_policies: count(answers::unknown(&atlas.estate).len()),
        blast_millipercent: standing.all().map(radius).sum(),
        entrances: count(entrances(&atlas.estate).len()),
        ..PrivilegeMeasured::default()
    }
}
