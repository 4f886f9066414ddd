//! Tests of the models of orders.
