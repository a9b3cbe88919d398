/* Sets n bits from bit d on. */
static void NAME_set_bits(uint32_t *to, int32_t d, int32_t n)
{
    for (; n > 0; d++, n--) {
        to[d >> 5] |= (uint32_t)1 << (d & 31);
    }
}
