/* Images, the labels they must get, and perhaps the numbers of every result. */
    .section .images, "a"
    .balign 4
    .global images, labels, labels_end, results
images:
    .incbin IMAGES
    .balign 4
results:
#ifdef RESULTS
    .incbin RESULTS
#endif
labels:
    .incbin LABELS
labels_end:
