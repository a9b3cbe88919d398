/* Copies n bits from bit s of one row of words to bit d of another, which are 0 there. */
static void NAME_copy_bits(uint32_t *to, int32_t d, const uint32_t *from, int32_t s, int32_t n)
{
    while (n > 0) {
        const int32_t free = 32 - (d & 31), left = 32 - (s & 31);
        const int32_t take = n < free ? n : free;
        uint32_t bits = from[s >> 5] >> (s & 31);
        if (take > left) {
            bits |= from[(s >> 5) + 1] << left;
        }
        if (take < 32) {
            bits &= ((uint32_t)1 << take) - 1;
        }
        to[d >> 5] |= bits << (d & 31);
        d += take;
        s += take;
        n -= take;
    }
}
