"""Who is who in a federation: certificates, plants' keys, the roster that plants pin, and signatures under both."""
