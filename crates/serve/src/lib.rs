//! Requests from outside in; answers out.
