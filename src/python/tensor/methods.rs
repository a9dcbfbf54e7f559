//! Methods that are neither arithmetic nor views.
