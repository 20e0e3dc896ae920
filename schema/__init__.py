"""The GraphQL face of the shop: types, queries, mutations and subscriptions, a file a noun. No rule, no storage."""
