"""The demonstration: the whole product on one machine, without any account, told as a story on real HTTP."""
