//! A body that reads attributes of principal and resource from the context instead, so that no entity need be built.
//!
//! It holds where the plain body holds and errs where that errs, in other words: a record lacks an attribute where
//! an entity lacks it or is not there. Whoever wants the words evaluates the plain body then.

use cedar_policy_core::ast::{Expr, ExprKind, Var};

use super::Body;
use super::reads::Reads;

/// Before the name of a carried attribute of the principal. No policy that writes such a name itself is carried.
pub(crate) const PRINCIPAL: &str = "\0p";
/// Before the name of a carried attribute of the resource.
pub(crate) const RESOURCE: &str = "\0r";

impl Body {
    /// The body that reads carried attributes; `None` when it reads more of an entity than attributes.
    pub(crate) fn carried(&self, reads: &Reads) -> Option<Self> {
        let entities = reads.principal_in || reads.resource_in || reads.action || reads.deep;
        let clash = reads.context_whole || reads.context.iter().any(|name| name.starts_with('\0'));
        if entities || clash { None } else { rewritten(&self.0).map(Self) }
    }

    /// Whether principal, action or resource themselves are asked for.
    pub(crate) fn names_parties(&self) -> bool {
        let is_party = |expr: &Expr| matches!(expr.expr_kind(), ExprKind::Var(var) if *var != Var::Context);
        self.0.subexpressions().any(is_party)
    }
}

fn rewritten(expr: &Expr) -> Option<Expr> {
    let all = |exprs: &[Expr]| exprs.iter().map(rewritten).collect::<Option<Vec<_>>>();
    Some(match expr.expr_kind() {
        ExprKind::Lit(_) | ExprKind::Var(_) => expr.clone(),
        ExprKind::If { test_expr, then_expr, else_expr } => {
            Expr::ite(rewritten(test_expr)?, rewritten(then_expr)?, rewritten(else_expr)?)
        }
        ExprKind::And { left, right } => Expr::and(rewritten(left)?, rewritten(right)?),
        ExprKind::Or { left, right } => Expr::or(rewritten(left)?, rewritten(right)?),
        ExprKind::UnaryApp { op, arg } => Expr::unary_app(*op, rewritten(arg)?),
        ExprKind::BinaryApp { op, arg1, arg2 } => Expr::binary_app(*op, rewritten(arg1)?, rewritten(arg2)?),
        ExprKind::ExtensionFunctionApp { fn_name, args } => {
            Expr::call_extension_fn(fn_name.clone(), all(args)?)
        }
        ExprKind::GetAttr { expr, attr } => match prefix(expr) {
            Some(prefix) => Expr::get_attr(Expr::var(Var::Context), format!("{prefix}{attr}").into()),
            None => Expr::get_attr(rewritten(expr)?, attr.clone()),
        },
        ExprKind::HasAttr { expr, attr } => match prefix(expr) {
            Some(prefix) => Expr::has_attr(Expr::var(Var::Context), format!("{prefix}{attr}").into()),
            None => Expr::has_attr(rewritten(expr)?, attr.clone()),
        },
        ExprKind::Like { expr, pattern } => Expr::like(rewritten(expr)?, pattern.clone()),
        ExprKind::Is { expr, entity_type } => Expr::is_entity_type(rewritten(expr)?, entity_type.clone()),
        ExprKind::Set(elements) => Expr::set(all(elements)?),
        _ => return None,
    })
}

fn prefix(expr: &Expr) -> Option<&'static str> {
    match expr.expr_kind() {
        ExprKind::Var(Var::Principal) => Some(PRINCIPAL),
        ExprKind::Var(Var::Resource) => Some(RESOURCE),
        _ => None,
    }
}
